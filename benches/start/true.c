/* The program that every contestant starts: static, so that no dynamic linker is measured. */
int main(void)
{
    return 0;
}

use crate::command::Result;
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}
pub(crate) fn demo(_: &Arguments) -> Result {
    Err("later".into())
}

//! The number of a type in the kernel's own type information: `Documentation/bpf/btf.rst`.

/// What a name may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Typedef = 8,
    Function = 12,
}

/// The number of the type of this kind and name; `None` as well where `bytes` are no type information.
pub(super) fn number_of(bytes: &[u8], kind: Kind, name: &str) -> Option<u32> {
    const MAGIC: u32 = 0xeb9f;
    let header_length = word(bytes, 4)?;
    let part = |offset: usize| {
        let start = header_length.checked_add(word(bytes, offset)?)? as usize;
        bytes.get(start..start.checked_add(word(bytes, offset + 4)? as usize)?)
    };
    if word(bytes, 0)? & 0xffff != MAGIC {
        return None;
    }
    let (types, names) = (part(8)?, part(16)?);
    let mut at = 0;
    // Number 0 is void and not written down.
    for number in 1.. {
        let info = word(types, at + 4)?;
        let found = name_at(names, word(types, at)?) == Some(name.as_bytes());
        if found && info >> 24 & 0x1f == kind as u32 {
            return Some(number);
        }
        at += 12 + extra(info)?;
    }
    None
}

/// How many bytes follow the three words that every type has.
fn extra(info: u32) -> Option<usize> {
    let members = (info & 0xffff) as usize;
    Some(match info >> 24 & 0x1f {
        // int, variable, declaration tag
        1 | 14 | 17 => 4,
        // array
        3 => 12,
        // structure, union, section, 64-bit enumeration
        4 | 5 | 15 | 19 => 12 * members,
        // enumeration, function prototype
        6 | 13 => 8 * members,
        // pointer, forward, typedef, volatile, const, restrict, function, float, type tag
        2 | 7..=12 | 16 | 18 => 0,
        _ => return None,
    })
}

fn name_at(names: &[u8], offset: u32) -> Option<&[u8]> {
    let rest = names.get(offset as usize..)?;
    rest.split(|byte| *byte == 0).next()
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_ne_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An int `number`, a structure of one member and a function `number`.
    fn sample() -> Vec<u8> {
        let types = [
            [1, 1 << 24, 4].as_slice(),
            &[32],
            &[0, 4 << 24 | 1, 4],
            &[1, 1, 0],
            &[1, 12 << 24, 0],
        ]
        .concat();
        let names = b"\0number\0";
        let header = [0x1_eb9f, 24, 0, types.len() as u32 * 4, types.len() as u32 * 4, 8];
        let words = header.iter().chain(&types).flat_map(|word: &u32| word.to_ne_bytes());
        words.chain(*names).collect()
    }

    #[test]
    fn a_type_is_found_by_kind_and_name() {
        assert_eq!(number_of(&sample(), Kind::Function, "number"), Some(3));
        assert_eq!(number_of(&sample(), Kind::Typedef, "number"), None);
        assert_eq!(number_of(&sample(), Kind::Function, "other"), None);
    }

    #[test]
    fn cut_off_information_ends_the_search() {
        let whole = sample();
        for length in 0..whole.len() {
            assert_eq!(number_of(&whole[..length], Kind::Function, "number"), None, "{length}");
        }
    }
}

use std::os::fd::AsFd;

use eyot_sys::Moved;

/// Bytes on their way from one terminal to another: never more than it has room for, so that whoever writes faster than
/// the other side reads has to wait, as on one terminal.
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Buffer {
    pub(super) fn new(size: usize) -> Self {
        Self { bytes: vec![0; size].into_boxed_slice(), start: 0, end: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(super) fn has_room(&self) -> bool {
        self.end < self.bytes.len()
    }

    /// Takes what `from` has, as far as there is room.
    pub(super) fn fill(&mut self, from: impl AsFd) -> Moved {
        let moved = eyot_sys::read_some(from, &mut self.bytes[self.end..]);
        if let Moved::Bytes(count) = moved {
            self.end += count;
        }
        moved
    }

    /// Gives `to` what it has room for.
    pub(super) fn empty_into(&mut self, to: impl AsFd) -> Moved {
        let moved = eyot_sys::write_some(to, &self.bytes[self.start..self.end]);
        if let Moved::Bytes(count) = moved {
            self.start += count;
        }
        if self.is_empty() {
            self.clear();
        }
        moved
    }

    pub(super) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_buffer_takes_no_more_until_it_is_emptied() -> Result<(), eyot_sys::Error> {
        let (input, feed) = eyot_sys::pipe()?;
        let (result, output) = eyot_sys::pipe()?;
        eyot_sys::write_all(&feed, b"0123456789")?;
        drop(feed);
        let mut buffer = Buffer::new(8);

        assert_eq!(buffer.fill(&input), Moved::Bytes(8));
        assert!(!buffer.has_room());
        assert_eq!(buffer.empty_into(&output), Moved::Bytes(8));
        assert!(buffer.is_empty());
        assert_eq!(buffer.fill(&input), Moved::Bytes(2));
        assert_eq!(buffer.empty_into(&output), Moved::Bytes(2));
        assert_eq!(buffer.fill(&input), Moved::HungUp);

        drop(output);
        assert_eq!(eyot_sys::read_to_end(&result), b"0123456789");
        Ok(())
    }
}

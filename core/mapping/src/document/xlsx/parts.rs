//! The parts of the zip, inflated within bounds: what is declared of their sizes is not believed.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::{Fault, Limits, fault, wrong};

/// What is inflated in all, in lengths of the longest file that is taken.
const INFLATED: usize = 8;
const ENTRIES_MAX: usize = 1_000;

pub(super) struct Parts<'b> {
    archive: ZipArchive<Cursor<&'b [u8]>>,
    /// How much may still be inflated.
    room: u64,
}

impl<'b> Parts<'b> {
    pub(super) fn open(bytes: &'b [u8], limits: &Limits) -> Result<Self, Fault> {
        if !bytes.starts_with(b"PK\x03\x04") {
            return Err(wrong("this is no XLSX file"));
        }
        let archive = ZipArchive::new(Cursor::new(bytes));
        let archive = archive.map_err(|_| wrong("this is no XLSX file: the zip is broken"))?;
        if archive.len() > ENTRIES_MAX {
            let why = format!("the file has over {ENTRIES_MAX} parts");
            return Err(fault(("too-large", 0, why)));
        }
        Ok(Self { archive, room: limits.bytes_max.saturating_mul(INFLATED) as u64 })
    }

    pub(super) fn needed(&mut self, name: &str) -> Result<String, Fault> {
        self.part(name)?.ok_or_else(|| wrong("a part of the XLSX file is missing"))
    }

    /// The text of a part, if there is one.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<String>, Fault> {
        let Some(at) = self.archive.index_for_name(name) else { return Ok(None) };
        let broken = || wrong("a part of the XLSX file is encrypted or broken");
        let entry = self.archive.by_index(at).map_err(|_| broken())?;
        let mut bytes = Vec::new();
        let taken = entry.take(self.room + 1).read_to_end(&mut bytes).map_err(|_| broken())?;
        self.room = self.room.checked_sub(taken as u64).ok_or_else(|| {
            fault(("too-large", 0, "the file is too large once it is inflated".to_owned()))
        })?;
        let text = String::from_utf8(bytes);
        text.map(Some).map_err(|_| {
            let why = "a part of the XLSX file is not UTF-8".to_owned();
            fault(("wrong-encoding", 0, why))
        })
    }
}

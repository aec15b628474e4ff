//! The disk's own speed, which bounds any hub that acknowledges after a durable commit.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    time::Instant,
};

use crate::{error::Error, spread::Spread};

const ROUNDS: usize = 500;
const BLOCK: [u8; 4096] = [b'.'; 4096];

/// Appends 4 KiB and calls fdatasync, 500 times, on a file of its own under `dir`.
///
/// # Errors
/// [`Error::Io`] when the directory cannot be written.
pub fn measure(dir: &Path) -> Result<Spread, Error> {
    let path = dir.join(format!("luotsi-bench-fsync-{}", std::process::id()));
    let sample = File::create_new(&path).and_then(|file| {
        let sample = append(file);
        let removed = fs::remove_file(&path);
        sample.and_then(|sample| removed.map(|()| sample))
    });
    let sample = sample.map_err(|why| Error::file("writing", &path, why))?;
    Spread::of(sample).ok_or_else(|| Error::io("measuring the disk", io::Error::other("no rounds")))
}

fn append(mut file: File) -> io::Result<Vec<u32>> {
    (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            file.write_all(&BLOCK)?;
            file.sync_data()?;
            Ok(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX))
        })
        .collect()
}

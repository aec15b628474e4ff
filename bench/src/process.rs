//! What a process has used, from `/proc`.

use std::{fmt, fs, io};

use serde::Serialize;

use crate::error::Error;

/// `USER_HZ`: the unit of times in `/proc/<pid>/stat`, 100 on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process being measured.
pub struct Meter {
    pid: u32,
    begun: Reading,
}

/// What a process used from start to stop.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Usage {
    /// User and system time, in s.
    pub cpu_seconds: f64,
    /// The same for each acknowledged message, in µs.
    pub cpu_us_per_message: f64,
    /// Bytes it had written to the storage layer, for each acknowledged message.
    pub written_bytes_per_message: f64,
    /// Resident memory at the end, in KiB.
    pub rss_kib: u64,
    /// The most resident memory in the process's whole life, in KiB.
    pub rss_max_kib: u64,
}

struct Reading {
    cpu_seconds: f64,
    written_bytes: u64,
    rss_kib: u64,
    rss_max_kib: u64,
}

impl Meter {
    /// Begins to measure.
    ///
    /// # Errors
    /// [`Error::Io`] when there is no such process or it may not be read.
    pub fn start(pid: u32) -> Result<Self, Error> {
        let what = || format!("reading /proc/{pid} (--pid; it must run as the same user)");
        Ok(Self { pid, begun: Reading::of(pid).map_err(|why| Error::io(what(), why))? })
    }

    /// What was used since the start; `None` when the process is gone.
    #[must_use]
    pub fn stop(&self, messages: u64) -> Option<Usage> {
        let now = Reading::of(self.pid).ok()?;
        let cpu_seconds = now.cpu_seconds - self.begun.cpu_seconds;
        let written = now.written_bytes.saturating_sub(self.begun.written_bytes);
        let messages = messages.max(1) as f64;
        Some(Usage {
            cpu_seconds,
            cpu_us_per_message: cpu_seconds * 1e6 / messages,
            written_bytes_per_message: written as f64 / messages,
            rss_kib: now.rss_kib,
            rss_max_kib: now.rss_max_kib,
        })
    }
}

impl Reading {
    fn of(pid: u32) -> io::Result<Self> {
        let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}"));
        let (stat, status, io) = (read("stat")?, read("status")?, read("io")?);
        let reading = || {
            Some(Self {
                cpu_seconds: ticks(&stat)? as f64 / TICKS_PER_SECOND,
                written_bytes: named(&io, "write_bytes:")?,
                rss_kib: named(&status, "VmRSS:")?,
                rss_max_kib: named(&status, "VmHWM:")?,
            })
        };
        reading().ok_or_else(|| io::Error::other("not in the form of proc(5)"))
    }
}

/// User and system time. The name before them, in parentheses, may hold spaces.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

fn named(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_ascii_whitespace().next()?.parse().ok()
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |kib: u64| kib as f64 / 1024.0;
        write!(
            f,
            "cpu {:.1} µs/message ({:.2} s), disk {:.0} bytes/message, memory {:.1} MiB, max {:.1} MiB",
            self.cpu_us_per_message,
            self.cpu_seconds,
            self.written_bytes_per_message,
            mib(self.rss_kib),
            mib(self.rss_max_kib)
        )
    }
}

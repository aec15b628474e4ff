//! The master keys: where they come from, and how another one is put before them.
//!
//! Their text is the same from a file and from a command: a key of 64 hexadecimal digits a line, the
//! first one current, the others kept to unwrap what they wrapped.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use luotsi_journal::{Database, Key, KeyId, Masters, masters_of};
use zeroize::Zeroizing;

use crate::{secret, settings};

/// The file in the data folder, where the settings name nothing else.
const FILE: &str = "master.key";

/// Where the master keys come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    File(PathBuf),
    /// A program and its arguments, whose standard output is the text.
    Command(Vec<String>),
}

/// Why they cannot be had. Names keys by their ids.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Secret(#[from] secret::Error),
    #[error(transparent)]
    Journal(#[from] luotsi_journal::Error),
    #[error(
        "line {line} of {place} is no key of 64 hexadecimal digits; restore it from the backup"
    )]
    Line { place: String, line: usize },
    #[error("{0} holds no key; restore it from where it is kept")]
    Empty(String),
    #[error(
        "there is no {path}, and the journal's payloads are sealed under the master key {ids}; put \
         the file back from where it is kept. Nothing was changed; without it they stay unreadable"
    )]
    Lost { path: String, ids: String },
    #[error("the command of keys.master, {name}, {why}")]
    Command { name: String, why: String },
    #[error("the master keys come from a command, so they are rotated where it takes them from")]
    NotOurs,
}

impl Source {
    /// As the settings have it.
    pub(crate) fn of(settings: &settings::Master, data: &Path) -> Self {
        match (&settings.command, &settings.file) {
            (Some(command), _) => Self::Command(command.clone()),
            (None, Some(file)) => Self::File(file.clone()),
            (None, None) => Self::File(data.join(FILE)),
        }
    }

    /// The keys. A file that is missing is made while the journal needs no key yet.
    pub(crate) fn take_up(&self, journal: &Database) -> Result<Masters, Error> {
        if let Self::File(path) = self
            && secret::read(path)?.is_none()
        {
            let needed = masters_of(journal)?;
            if !needed.is_empty() {
                return Err(lost(path, &needed));
            }
            // Durable before anything is sealed under it.
            secret::put(path, &format!("{}\n", *secret::random()?))?;
        }
        self.masters(journal)
    }

    /// The keys as they are; nothing is made.
    pub(crate) fn masters(&self, journal: &Database) -> Result<Masters, Error> {
        let keys = self.keys(journal)?;
        let (current, earlier) = keys.split_first().ok_or_else(|| Error::Empty(self.place()))?;
        Ok(Masters::new(current, earlier)?)
    }

    /// Puts a new key before the others, durably, and gives its name. Hubs take it up at their start.
    pub(crate) fn rotate(&self, journal: &Database) -> Result<KeyId, Error> {
        let Self::File(path) = self else { return Err(Error::NotOurs) };
        let old = self.text(journal)?;
        // What cannot be read must not be kept behind a key that can.
        parse(&self.place(), &old)?;
        let new = secret::random()?;
        let text = Zeroizing::new(format!("{}\n{}", *new, *old));
        let keys = parse(&self.place(), &text)?;
        secret::put(path, &text)?;
        keys.first().map(KeyId::of).ok_or_else(|| Error::Empty(self.place()))
    }

    /// Takes out the keys, but for the first, that `needed` does not have, and gives their names.
    pub(crate) fn retire(&self, journal: &Database, needed: &[KeyId]) -> Result<Vec<KeyId>, Error> {
        let Self::File(path) = self else { return Err(Error::NotOurs) };
        let old = self.text(journal)?;
        let keys = parse(&self.place(), &old)?;
        let goes = |at: usize| at > 0 && !needed.contains(&KeyId::of(&keys[at]));
        let mut kept = Zeroizing::new(String::with_capacity(old.len()));
        for (at, (_, line)) in lines(&old).enumerate() {
            if !goes(at) {
                kept.push_str(line);
                kept.push('\n');
            }
        }
        let gone: Vec<_> =
            (0..keys.len()).filter(|at| goes(*at)).map(|at| KeyId::of(&keys[at])).collect();
        if !gone.is_empty() {
            secret::put(path, &kept)?;
        }
        Ok(gone)
    }

    fn keys(&self, journal: &Database) -> Result<Vec<Key>, Error> {
        parse(&self.place(), &self.text(journal)?)
    }

    fn text(&self, journal: &Database) -> Result<Zeroizing<String>, Error> {
        match self {
            Self::File(path) => match secret::read(path)? {
                Some(text) => Ok(text),
                None => Err(lost(path, &masters_of(journal)?)),
            },
            Self::Command(command) => told(command),
        }
    }

    /// Where they are, for people.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Command(command) => format!("the output of {}", name(command)),
        }
    }
}

fn lost(path: &Path, needed: &[KeyId]) -> Error {
    let path = path.display().to_string();
    if needed.is_empty() {
        return Error::Empty(path);
    }
    let ids = needed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Error::Lost { path, ids }
}

fn name(command: &[String]) -> String {
    command.first().cloned().unwrap_or_default()
}

/// What the command says. Its standard error is the hub's; an argument may be a secret and is not told.
fn told(command: &[String]) -> Result<Zeroizing<String>, Error> {
    let failed = |why: String| Error::Command { name: name(command), why };
    let (program, arguments) = command.split_first().ok_or_else(|| failed("is empty".into()))?;
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(format!("cannot be run: {error}")))?;
    let text = String::from_utf8(output.stdout).map(Zeroizing::new);
    if !output.status.success() {
        return Err(failed(format!("ended with {}", output.status)));
    }
    text.map_err(|_| failed("says what is no text".into()))
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    lines.filter(|(_, line)| !line.is_empty())
}

fn parse(place: &str, text: &str) -> Result<Vec<Key>, Error> {
    let keys = lines(text).map(|(line, text)| {
        let key = secret::decode(text).map(Key::new);
        key.ok_or_else(|| Error::Line { place: place.to_owned(), line })
    });
    keys.collect()
}

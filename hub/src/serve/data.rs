//! The folder of what the hub keeps.

use std::{
    fmt::Write as _,
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use aws_lc_rs::rand;
use luotsi_audit::SigningKey;
use luotsi_model::Sensitive;

/// How the log's name begins, and so the origin of its checkpoints.
const LOG_NAME: &str = "luotsi/";

/// The data folder, for the hub's user only, and for one hub at a time: a second one would take what
/// the first is sending for what a crash left open, and send it again.
pub(super) struct DataDir {
    path: PathBuf,
    /// Held while the hub runs; the system lets go of it however the hub ends.
    _lock: fs::File,
}

/// Why it cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("{path} cannot be used: {source}; name a folder that the hub may write, with --data")]
    Io { path: String, source: io::Error },
    #[error("{0} can be read by others; mend it with: chmod 600 {0}")]
    Readable(String),
    #[error("{0} does not hold a key of 64 hexadecimal digits; restore it from the backup")]
    Key(String),
    #[error("{0} does not hold a token of 64 hexadecimal digits; remove it and a new one is made")]
    Token(String),
    #[error(
        "{0} does not hold the log's key, PRIVATE+KEY+name+hash+base64; restore it from the backup"
    )]
    LogKey(String),
    #[error("the system's randomness has failed")]
    Randomness,
    #[error("another hub works in {0}; stop that one first, or name another folder with --data")]
    Taken(String),
}

impl DataDir {
    /// Opens the folder, making it where it is missing, and takes it for this hub.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let shown = || path.display().to_string();
        let io = |source| Error::Io { path: shown(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)?;
        let mut options = fs::OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let lock = options.open(path.join("luotsi.lock")).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(fs::TryLockError::WouldBlock) => Err(Error::Taken(shown())),
            Err(fs::TryLockError::Error(source)) => Err(io(source)),
        }
    }

    /// The journal's file.
    pub(super) fn journal(&self) -> PathBuf {
        self.path.join("luotsi.db")
    }

    /// The key of the client references, made at the first start.
    pub(super) fn client_key(&self) -> Result<[u8; 32], Error> {
        let (path, text) = self.secret("client.key")?;
        decode(&text).ok_or(Error::Key(path))
    }

    /// The token of the ops API, made at the first start.
    pub(super) fn ops_token(&self) -> Result<Sensitive<String>, Error> {
        let (path, text) = self.secret("ops.token")?;
        // An empty token would let in whoever shows none.
        decode(&text).ok_or(Error::Token(path)).map(|_| Sensitive::new(text))
    }

    /// The key that signs the checkpoints of the disclosure log, made at the first start; and beside
    /// it, for everybody, the key that they are checked by.
    pub(super) fn log_key(&self) -> Result<SigningKey, Error> {
        let path = self.path.join("log.key");
        let (shown, text) = self.secret_of("log.key", || {
            Ok(SigningKey::generate(LOG_NAME).map_err(|_| Error::Randomness)?.secret())
        })?;
        let key = SigningKey::parse(&text).map_err(|_| Error::LogKey(shown))?;
        let public = path.with_extension("pub");
        self.publish("log.pub", &format!("{}\n", key.verifying()))
            .map_err(|source| Error::Io { path: public.display().to_string(), source })?;
        Ok(key)
    }

    /// Puts a file in the folder, whole or not at all.
    pub(super) fn publish(&self, name: &str, text: &str) -> io::Result<()> {
        put(&self.path.join(name), text)
    }

    fn secret(&self, name: &str) -> Result<(String, String), Error> {
        self.secret_of(name, random)
    }

    fn secret_of(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<String, Error>,
    ) -> Result<(String, String), Error> {
        let path = self.path.join(name);
        let shown = path.display().to_string();
        let io = |source| Error::Io { path: shown.clone(), source };
        match fs::metadata(&path) {
            Ok(found) if found.permissions().mode() & 0o077 != 0 => {
                return Err(Error::Readable(shown));
            }
            Ok(_) => {}
            // Durable before it is used: references made with a key that a crash then lost would
            // find nobody again.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                put(&path, &format!("{}\n", make()?)).map_err(io)?;
            }
            Err(error) => return Err(io(error)),
        }
        let text = fs::read_to_string(&path).map_err(io)?;
        Ok((shown, text.trim().to_owned()))
    }
}

/// 32 random bytes in hex.
fn random() -> Result<String, Error> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| Error::Randomness)?;
    Ok(encode(&bytes))
}

/// Writes a file for the hub's user only, durable when this returns. It has its name only once it
/// is whole.
fn put(path: &Path, text: &str) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn decode(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

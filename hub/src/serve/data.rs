//! The folder of what the hub keeps.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use luotsi_audit::SigningKey;
use luotsi_model::Sensitive;
use uuid::Uuid;

use crate::secret;

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
    #[error(transparent)]
    Secret(#[from] secret::Error),
    #[error("{0} does not hold a key of 64 hexadecimal digits; restore it from the backup")]
    Key(String),
    #[error("{0} does not hold a token of 64 hexadecimal digits; remove it and a new one is made")]
    Token(String),
    #[error(
        "{0} does not hold the log's key, PRIVATE+KEY+name+hash+base64; restore it from the backup"
    )]
    LogKey(String),
    #[error("{0} does not hold 32 hexadecimal digits; remove it and another one is made")]
    Node(String),
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

    /// The keys that a folder holds already, if there is one: nothing is taken and nothing made.
    pub(super) fn kept(path: &Path) -> Result<(Option<[u8; 32]>, Option<SigningKey>), Error> {
        let read = |name| {
            let file = path.join(name);
            let text = secret::read(&file)?;
            Ok::<_, Error>(text.map(|text| (file.display().to_string(), text)))
        };
        let client = read("client.key")?.map(|(file, text)| client_key(file, text.trim()));
        let log = read("log.key")?.map(|(file, text)| log_key(file, text.trim()));
        Ok((client.transpose()?, log.transpose()?))
    }

    /// The key of the client references, made at the first start.
    pub(super) fn client_key(&self) -> Result<[u8; 32], Error> {
        let (path, text) = self.secret("client.key")?;
        client_key(path, &text)
    }

    /// The token of the ops API, made at the first start.
    pub(super) fn ops_token(&self) -> Result<Sensitive<String>, Error> {
        let (path, text) = self.secret("ops.token")?;
        // An empty token would let in whoever shows none.
        secret::decode(&text).ok_or(Error::Token(path)).map(|_| Sensitive::new(text))
    }

    /// The key that signs the checkpoints of the disclosure log, made at the first start; and beside
    /// it, for everybody, the key that they are checked by.
    pub(super) fn log_key(&self) -> Result<SigningKey, Error> {
        let (shown, text) = self.secret_of("log.key", || {
            Ok(SigningKey::generate(LOG_NAME).map_err(|_| secret::Error::Randomness)?.secret())
        })?;
        let key = log_key(shown, &text)?;
        self.publish("log.pub", &format!("{}\n", key.verifying()))?;
        Ok(key)
    }

    /// Who this hub is among several on one journal, made at the first start. The folder's lock keeps
    /// it from being two.
    pub(super) fn node(&self) -> Result<Uuid, Error> {
        let (path, text) = self.secret_of("node.id", || {
            let made = secret::random()?.to_string();
            Ok(made[..32].to_owned())
        })?;
        Uuid::try_parse(&text).map_err(|_| Error::Node(path))
    }

    /// Puts a file in the folder, whole or not at all.
    pub(super) fn publish(&self, name: &str, text: &str) -> Result<(), secret::Error> {
        secret::put(&self.path.join(name), text)
    }

    fn secret(&self, name: &str) -> Result<(String, String), Error> {
        self.secret_of(name, || Ok(secret::random()?.to_string()))
    }

    fn secret_of(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<String, Error>,
    ) -> Result<(String, String), Error> {
        let path = self.path.join(name);
        let text = match secret::read(&path)? {
            Some(text) => text.trim().to_owned(),
            // Durable before it is used: references made with a key that a crash then lost would
            // find nobody again.
            None => {
                let text = make()?;
                secret::put(&path, &format!("{text}\n"))?;
                text
            }
        };
        Ok((path.display().to_string(), text))
    }
}

fn client_key(file: String, text: &str) -> Result<[u8; 32], Error> {
    secret::decode(text).ok_or(Error::Key(file))
}

fn log_key(file: String, text: &str) -> Result<SigningKey, Error> {
    SigningKey::parse(text).map_err(|_| Error::LogKey(file))
}

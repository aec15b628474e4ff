//! Names that must not be mistaken for each other.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A short, cheaply cloned name; each use is a type of its own.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it stands.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
    };
}

name! {
    /// A connected system, by the name of its connection file: `serena`, `malli-ry`.
    SystemId
}
impl SystemId {
    /// The name under which the hub sends what it says itself. No connection may have it.
    pub const HUB: &str = "luotsi";

    /// The hub, as a source of messages.
    pub fn hub() -> Self {
        Self::new(Self::HUB)
    }

    /// Whether it is the hub.
    pub fn is_hub(&self) -> bool {
        self.as_str() == Self::HUB
    }
}

name! {
    /// An organisation or a controller (rekisterinpitäjä), by its name in `region.toml`.
    OrganisationId
}
name! {
    /// A record kind: `referral`, `directive`, `task-status`.
    Kind
}
impl Kind {
    /// The answer to something sent. The hub itself answers with it where it refuses to send.
    pub const TASK_STATUS: &str = "task-status";
}

name! {
    /// The purpose of a use or a disclosure: `care`, `peer-support`.
    Purpose
}
name! {
    /// A service task (palvelutehtävä), an opaque code of the region's own list.
    ServiceTask
}
name! {
    /// The client as everyone but the sender may know her: an opaque reference made by the hub.
    ClientRef
}
name! {
    /// A directive (consent, prohibition), by the id its recorder gave it.
    DirectiveId
}
name! {
    /// One compiled state of the region's files.
    GenerationId
}

/// A unique, time-ordered id; each use is a type of its own.
macro_rules! uuid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid! {
    /// An accepted message.
    MessageId
}
uuid! {
    /// One message on its way to one destination. Stable over every attempt, so a recipient can
    /// drop a repeat; it is also the id of the task the recipient answers to.
    DeliveryId
}

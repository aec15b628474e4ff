//! What a hub that starts would find in the database, asked beforehand. Nothing is written.

use crate::{
    Error,
    engine::{Connection, Database, Dialect, params},
    migrate,
};

/// What a hub does to each table of its database, as `config/postgres/roles.sql` grants it. Without
/// retention's right to remove entries: a region may take it away until there are any to remove.
const NEEDED: &[(&str, &[&str])] = &[
    ("schema_version", &["select"]),
    ("message", &["select", "insert"]),
    ("delivery", &["select", "insert", "update"]),
    ("directive", &["select", "insert"]),
    ("directive_ref", &["select", "insert"]),
    ("client", &["select", "insert", "update"]),
    ("plan", &["select", "insert", "update", "delete"]),
    ("idempotency", &["select", "insert"]),
    ("client_key", &["select", "insert", "update"]),
    ("recall", &["select", "insert", "update"]),
    ("reconsider", &["select", "insert", "delete"]),
    ("counter", &["select", "insert", "update", "delete"]),
    ("master", &["select", "insert", "delete"]),
    ("erasure", &["select", "insert"]),
    ("disclosure", &["select", "insert"]),
    ("leaf", &["select", "insert"]),
    ("tree", &["select", "update"]),
    ("checkpoint", &["select", "insert", "update"]),
    ("node", &["select", "insert", "update", "delete"]),
    ("outbox", &["select", "insert", "update", "delete"]),
    ("lane", &["select", "insert", "update"]),
];

/// What would let a hub's login undo what the journal promises: what was accepted and what is logged
/// stays as it is.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("message", &["update", "delete", "truncate"]),
    ("directive", &["update", "delete", "truncate"]),
    ("disclosure", &["update", "truncate"]),
    ("leaf", &["update", "delete", "truncate"]),
];

/// A database that is looked at.
pub struct Survey(Connection);

/// The versions of a schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schema {
    /// The database's; 0: it has none.
    pub found: i64,
    /// This hub's.
    pub known: i64,
    /// Whether a hub that starts brings it to its own version by itself.
    pub is_own_to_bring: bool,
}

/// What the login may not and must, and may and should not: `select/insert on message`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rights {
    /// What is missing.
    pub lacking: Vec<String>,
    /// What is too much.
    pub beyond: Vec<String>,
}

impl Survey {
    /// Reaches a database that is there.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn open(database: impl Into<Database>) -> Result<Self, Error> {
        Connection::beside(&database.into()).map(Self)
    }

    /// Of which version it is.
    ///
    /// # Errors
    /// When that cannot be read, as with a login that may not.
    pub fn schema(&self) -> Result<Schema, Error> {
        Ok(Schema {
            found: migrate::version(&self.0)?,
            known: migrate::KNOWN,
            is_own_to_bring: self.0.dialect() == Dialect::Sqlite,
        })
    }

    /// What the login may do, on a server; in a file there are no logins. The schema must be this
    /// hub's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn rights(&self) -> Result<Rights, Error> {
        if self.0.dialect() == Dialect::Sqlite {
            return Ok(Rights::default());
        }
        let mut rights =
            Rights { lacking: self.having(NEEDED, false)?, beyond: self.having(FORBIDDEN, true)? };
        let may_create = "select has_schema_privilege(current_schema(), 'create')::int::bigint";
        if self.0.one(may_create, &[], |row| row.get(0))? {
            rights.beyond.insert(0, "create in the schema".to_owned());
        }
        Ok(rights)
    }

    /// Those of the rights that the login has, or has not.
    fn having(&self, rights: &[(&str, &[&str])], wanted: bool) -> Result<Vec<String>, Error> {
        let sql = "select has_table_privilege(?1::text, ?2::text)::int::bigint";
        let mut found = Vec::new();
        for (table, rights) in rights {
            let mut those = Vec::new();
            for right in *rights {
                if self.0.one(sql, params![*table, *right], |row| row.get::<bool>(0))? == wanted {
                    those.push(*right);
                }
            }
            if !those.is_empty() {
                found.push(format!("{} on {table}", those.join("/")));
            }
        }
        Ok(found)
    }

    /// The mark that hubs have left of something that they must have in common, if any has.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn mark(&self, name: &str) -> Result<Option<i64>, Error> {
        self.0.first("select value from counter where name = ?1", params![name], |row| row.get(0))
    }
}

//! Questions to the database on a server, which may be away and come back.

use std::cell::RefCell;

use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::Row;
use crate::wait;

pub(super) struct Server {
    url: String,
    runtime: Runtime,
    client: RefCell<Option<Client>>,
}

impl Server {
    pub(super) fn new(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build().expect("a runtime");
        Self { url: url.to_owned(), runtime, client: RefCell::default() }
    }

    fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) =
            self.runtime.block_on(tokio_postgres::connect(&self.url, NoTls))?;
        self.runtime.spawn(connection);
        Ok(client)
    }

    fn ask(&self, sql: &str) -> Result<Vec<Row>, tokio_postgres::Error> {
        let client = match self.client.take() {
            Some(client) => client,
            None => self.connect()?,
        };
        let answers = self.runtime.block_on(client.simple_query(sql))?;
        self.client.replace(Some(client));
        let row = |answer| match answer {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
            }
            _ => None,
        };
        Ok(answers.into_iter().filter_map(row).collect())
    }

    /// Every row of an answer. What the server refuses is a defect of the question.
    #[track_caller]
    pub(super) fn rows(&self, sql: &str) -> Vec<Row> {
        wait::until("the database answers", || match self.ask(sql) {
            Ok(rows) => Some(rows),
            Err(error) => {
                let told = error.as_db_error().map(|told| told.code().code().to_owned());
                let is_away = told.as_ref().is_none_or(|code| code.starts_with("57P"));
                assert!(is_away, "{sql}: {error}: {told:?}");
                None
            }
        })
    }
}

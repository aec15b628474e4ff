//! Steps and questions of many rows: all of them are sent at once, and the answers come in order.

use futures::{
    FutureExt as _,
    future::{LocalBoxFuture, try_join_all},
};
use tokio_postgres::{Error, Row, Statement, types::ToSql};

use super::{
    connect::Line,
    many::{Answers, columns},
};
use crate::engine::value::Value;

/// A statement on its way, with all its rows of parameters.
pub(super) enum Asked<'v> {
    /// Row by row.
    Each(Statement, &'v [Vec<Value<'v>>]),
    /// Once over all rows: how many, and their columns.
    Many(Statement, Answers, usize, Vec<Vec<Value<'v>>>),
}

impl<'v> Asked<'v> {
    pub(super) fn many(statement: Statement, answers: Answers, rows: &[Vec<Value<'v>>]) -> Self {
        Self::Many(statement, answers, rows.len(), columns(rows))
    }

    /// What it answers: a number for each row of parameters, the first of its answer or how many rows it
    /// changed.
    pub(super) fn numbers<'a>(
        &'a self,
        line: &'a Line,
    ) -> LocalBoxFuture<'a, Result<Vec<i64>, Error>> {
        match self {
            Self::Each(statement, rows) => {
                let all: Vec<_> = rows.iter().map(|row| number(line, statement, row)).collect();
                try_join_all(all).boxed_local()
            }
            Self::Many(statement, Answers::Nothing, ..) => async move {
                let changed = line.client.execute(statement, &self.parameters()).await?;
                Ok(vec![1; usize::try_from(changed).unwrap_or(0)])
            }
            .boxed_local(),
            Self::Many(statement, Answers::Each, ..) => async move {
                let answers = line.client.query(statement, &self.parameters()).await?;
                answers.iter().map(|row| row.try_get(0)).collect()
            }
            .boxed_local(),
            Self::Many(statement, Answers::Changed, rows, _) => async move {
                let changed = line.client.query(statement, &self.parameters()).await?;
                let mut numbers = vec![0; *rows];
                for row in &changed {
                    if let Some(number) = numbers.get_mut(of(row)?) {
                        *number += 1;
                    }
                }
                Ok(numbers)
            }
            .boxed_local(),
            Self::Many(_, Answers::Found, ..) => async move {
                let found = self.rows(line).await?;
                found.iter().filter_map(|rows| rows.first()).map(|row| row.try_get(0)).collect()
            }
            .boxed_local(),
        }
    }

    /// What a question answers: the rows for each row of parameters.
    pub(super) async fn rows(&self, line: &Line) -> Result<Vec<Vec<Row>>, Error> {
        match self {
            Self::Each(statement, rows) => {
                let parameters: Vec<_> = rows.iter().map(|row| parameters(row)).collect();
                try_join_all(parameters.iter().map(|row| line.client.query(statement, row))).await
            }
            Self::Many(statement, _, rows, _) => {
                let mut found: Vec<_> = (0..*rows).map(|_| Vec::new()).collect();
                for row in line.client.query(statement, &self.parameters()).await? {
                    if let Some(rows) = found.get_mut(of(&row)?) {
                        rows.push(row);
                    }
                }
                Ok(found)
            }
        }
    }

    fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        match self {
            Self::Each(..) => Vec::new(),
            Self::Many(.., columns) => {
                columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect()
            }
        }
    }
}

/// Which row of parameters this is an answer to.
fn of(row: &Row) -> Result<usize, Error> {
    let nth: i64 = row.try_get(row.len() - 1)?;
    Ok(usize::try_from(nth - 1).unwrap_or(usize::MAX))
}

pub(super) fn parameters<'v>(values: &'v [Value<'v>]) -> Vec<&'v (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

async fn number(line: &Line, statement: &Statement, row: &[Value<'_>]) -> Result<i64, Error> {
    let row = parameters(row);
    if statement.columns().is_empty() {
        let changed = line.client.execute(statement, &row).await?;
        return Ok(i64::try_from(changed).unwrap_or(i64::MAX));
    }
    line.client.query_one(statement, &row).await?.try_get(0)
}

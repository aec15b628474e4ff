//! One statement for many rows of parameters.
//!
//! A server spends more on beginning and ending a statement than on most rows of ours, and so do we. So
//! a statement that is to be made for each row is said once more, over a table of all of them.

use std::{collections::HashSet, iter};

use tokio_postgres::types::Type;

use crate::engine::{each::NTH, value::Value};

/// The table of the rows, and the number of each from 1.
const ROWS: &str = "row_";
const NUMBER: &str = "row_.nth";

/// What a statement over many rows answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answers {
    /// Nothing: each is there now.
    Nothing,
    /// One row for each, in order.
    Each,
    /// The number of a row of parameters for each row that it changed.
    Changed,
    /// What was asked for, each row ending with the number of the row of parameters.
    Found,
}

/// The same statement over many rows, of parameters of these types; `None`: there is no such way to say it.
pub(super) fn many(sql: &str, types: &[Type]) -> Option<(String, Answers)> {
    let rows = rows(types)?;
    let sql = sql.trim();
    match sql.split_whitespace().next()? {
        "insert" => inserting(sql, &rows),
        "update" => {
            let (set, which) = sql.split_once(" where ")?;
            let (set, which) = (over_rows(set), over_rows(which));
            Some((numbered(&format!("{set} from {rows} where {which}")), Answers::Changed))
        }
        "delete" => {
            let (from, which) = sql.split_once(" where ")?;
            let which = over_rows(which);
            Some((numbered(&format!("{from} using {rows} where {which}")), Answers::Changed))
        }
        "select" => {
            let found = found(&rows, sql);
            Some((format!("select found.*, {NUMBER} {found}"), Answers::Found))
        }
        _ => None,
    }
}

fn inserting(sql: &str, rows: &str) -> Option<(String, Answers)> {
    if sql.contains("on conflict") {
        return None;
    }
    let Some((into, rest)) = sql.split_once("values (") else {
        let (into, _) = sql.split_once("select ")?;
        let found = found(rows, sql.strip_prefix(into)?);
        let text = format!("{into}select found.* {found} order by {NUMBER}");
        return Some((text, Answers::Nothing));
    };
    let (values, returning) = rest.rsplit_once(')')?;
    let answers = if returning.is_empty() { Answers::Nothing } else { Answers::Each };
    let values = over_rows(values);
    Some((format!("{into}select {values} from {rows} order by {NUMBER}{returning}"), answers))
}

fn found(rows: &str, question: &str) -> String {
    format!("from {rows} cross join lateral ({}) as found", over_rows(question))
}

fn numbered(change: &str) -> String {
    format!("{change} returning {NUMBER}")
}

fn rows(types: &[Type]) -> Option<String> {
    let names = types.iter().map(|one| Some(format!("{}[]", array_of(one)?)));
    let names: Vec<_> = names.collect::<Option<_>>()?;
    if names.is_empty() {
        return None;
    }
    let arrays: Vec<_> = iter::zip(1.., names).map(|(at, name)| format!("${at}::{name}")).collect();
    let columns: Vec<_> = (1..=types.len()).map(|at| format!("p{at}")).collect();
    let (arrays, columns) = (arrays.join(", "), columns.join(", "));
    Some(format!("unnest({arrays}) with ordinality as {ROWS}({columns}, nth)"))
}

fn array_of(one: &Type) -> Option<&str> {
    [Type::INT8, Type::INT4, Type::TEXT, Type::BYTEA].contains(one).then(|| one.name())
}

/// Parameters as columns of the rows' table.
fn over_rows(sql: &str) -> String {
    sql.replace('?', &format!("{ROWS}.p")).replace(NTH, NUMBER)
}

/// Whether rows go in any order: of those that change something, no two may change the same.
pub(super) fn are_apart(answers: Answers, rows: &[Vec<Value<'_>>]) -> bool {
    if answers != Answers::Changed {
        return true;
    }
    let mut firsts = HashSet::with_capacity(rows.len());
    rows.iter().all(|row| match row.first() {
        Some(Value::Integer(number)) => firsts.insert(*number),
        _ => false,
    })
}

/// The rows' columns, as the table takes them.
pub(super) fn columns<'v>(rows: &[Vec<Value<'v>>]) -> Vec<Vec<Value<'v>>> {
    let width = rows.first().map_or(0, Vec::len);
    let column =
        |at: usize| rows.iter().map(move |row| row.get(at).copied().unwrap_or(Value::Null));
    (0..width).map(|at| column(at).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INT: Type = Type::INT8;

    #[test]
    fn a_statement_is_said_over_many_rows() {
        let rows = "unnest($1::int8[], $2::text[]) with ordinality as row_(p1, p2, nth)";
        let cases = [
            (
                "insert into t (a, b) values ((select max(c) from u) + 1 /* nth */, (?1), ?2) returning a",
                format!(
                    "insert into t (a, b) select (select max(c) from u) + row_.nth, (row_.p1), row_.p2 \
                     from {rows} order by row_.nth returning a"
                ),
                Answers::Each,
            ),
            (
                "insert into t select a, ?1 from u where b = ?2",
                format!(
                    "insert into t select found.* from {rows} cross join lateral \
                     (select a, row_.p1 from u where b = row_.p2) as found order by row_.nth"
                ),
                Answers::Nothing,
            ),
            (
                "update t set a = ?2 where b = ?1",
                format!(
                    "update t set a = row_.p2 from {rows} where b = row_.p1 returning row_.nth"
                ),
                Answers::Changed,
            ),
            (
                "delete from t where a = ?1 and b = ?2",
                format!(
                    "delete from t using {rows} where a = row_.p1 and b = row_.p2 returning row_.nth"
                ),
                Answers::Changed,
            ),
            (
                "select a from t where b = ?1 and c = ?2 limit 1",
                format!(
                    "select found.*, row_.nth from {rows} cross join lateral \
                     (select a from t where b = row_.p1 and c = row_.p2 limit 1) as found"
                ),
                Answers::Found,
            ),
        ];
        for (sql, text, answers) in cases {
            assert_eq!(many(sql, &[INT, Type::TEXT]), Some((text, answers)), "{sql}");
        }
        assert_eq!(many("savepoint moves", &[]), None);
        assert_eq!(many("select ?1", &[Type::FLOAT8]), None, "no column of the journal");
        assert_eq!(many("insert into t values (?1) on conflict do nothing", &[INT]), None);
    }

    #[test]
    fn rows_that_change_the_same_go_one_after_the_other() {
        let rows =
            |keys: &[i64]| keys.iter().map(|key| vec![Value::Integer(*key)]).collect::<Vec<_>>();
        for (answers, keys, apart) in [
            (Answers::Changed, &[1, 2, 3][..], true),
            (Answers::Changed, &[1, 2, 1], false),
            (Answers::Found, &[1, 1], true),
        ] {
            assert_eq!(are_apart(answers, &rows(keys)), apart, "{keys:?}");
        }
        assert!(!are_apart(Answers::Changed, &[vec![Value::Text("a")], vec![Value::Text("b")]]));
    }
}

//! What the page writes: a mapping's file, and a case beside it.

use std::{fs, io, path::Path};

use luotsi_mapping::{
    Document, Mapping,
    case::{Case, Files, HEAD},
};
use luotsi_model::hetu::Strictness;

use super::{
    Desk, Work,
    shelf::{Shelf, ending, fingerprint, text_of},
    work_out,
};
use crate::command::map::View;

/// What came of saving.
pub(super) struct Said {
    pub(super) is_done: bool,
    pub(super) text: String,
    /// What the mapping's file is now, where it was written.
    pub(super) base: Option<String>,
}

impl Said {
    fn done(text: String) -> Self {
        Self { is_done: true, text, base: None }
    }

    fn not(text: impl Into<String>) -> Self {
        Self { is_done: false, text: text.into(), base: None }
    }
}

/// Writes the mapping's file, unless somebody else has since.
pub(super) fn rules(shelf: &Shelf, work: &Work) -> Said {
    if !shelf.names().contains(&work.mapping) {
        return Said::not("there is no such mapping any more");
    }
    let (path, text) = (shelf.file(&work.mapping), text_of(work));
    let now = fs::read_to_string(&path).unwrap_or_default();
    if fingerprint(&now) != work.base {
        let why = "the file was changed elsewhere since it was opened: copy your text and reload";
        return Said::not(why);
    }
    match put(&path, text.as_bytes()) {
        Ok(()) => {
            let base = Some(fingerprint(&text));
            Said { base, ..Said::done(format!("saved {}", path.display())) }
        }
        Err(error) => Said::not(format!("{} cannot be written: {error}", path.display())),
    }
}

/// Whole or not at all: who reads it meanwhile has the old one.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("toml.new");
    fs::write(&beside, bytes)?;
    fs::rename(&beside, path)
}

/// Writes what is on the desk as a case of the mapping's pack.
pub(super) fn case(desk: &Desk, work: &Work) -> Said {
    if !is_name(&work.case) {
        return Said::not("a case's name is small letters, digits and -, 64 at most");
    }
    let Ok(view) = work_out(desk, work) else {
        return Said::not("the mapping has mistakes: a case shows what it does");
    };
    let edited = desk.shelf.ground_with(work);
    let Some(mapping) = edited.ground.mappings.get(&work.mapping) else {
        return Said::not("there is no such mapping any more");
    };
    let (pack, _) = work.mapping.split_once('/').unwrap_or_default();
    let folder = desk.shelf.root.join(pack).join("cases").join(&work.case);
    let files = match files(work, mapping, &view, |document| {
        let own = edited
            .ground
            .mappings
            .iter()
            .filter(|(name, _)| name.split_once('/').is_some_and(|(known, _)| known == pack));
        let taking = own.filter(|(_, mapping)| mapping.reads() && mapping.matches(document));
        let stem = |name: &String| name.split_once('/').map(|(_, stem)| stem.to_owned());
        taking.filter_map(|(name, _)| stem(name)).collect()
    }) {
        Ok(files) => files,
        Err(why) => return Said::not(why),
    };
    if let Err(error) = fs::create_dir_all(folder.parent().unwrap_or(&folder))
        .and_then(|()| fs::create_dir(&folder))
    {
        return Said::not(match error.kind() {
            io::ErrorKind::AlreadyExists => "there is a case of that name already".to_owned(),
            _ => format!("{} cannot be made: {error}", folder.display()),
        });
    }
    for (name, bytes) in &files {
        if let Err(error) = fs::write(folder.join(name), bytes) {
            return Said::not(format!("{name} cannot be written: {error}"));
        }
    }
    Said::done(format!("saved; run it with luotsi test {}", folder.display()))
}

/// The case's files, what is wanted being what came.
fn files(
    work: &Work,
    mapping: &Mapping,
    view: &View,
    takers: impl Fn(&Document<'_>) -> Vec<String>,
) -> Result<Files, String> {
    let mut files = Files::from([(HEAD.to_owned(), head(work, mapping).into_bytes())]);
    let (ending, document) = (ending(mapping.format()), work.document.as_bytes().to_vec());
    if work.way == "out" {
        files.insert("record.json".into(), document);
        files.insert(format!("output.{ending}"), Vec::new());
    } else {
        files.insert(format!("input.{ending}"), document);
        if mapping.writes() && view.faults.is_empty() {
            files.insert(format!("output.{ending}"), Vec::new());
        }
    }
    let case = Case::read(HEAD, files.clone());
    let case = case.map_err(|found| found.into_iter().map(|f| f.what).collect::<String>())?;
    let verdict = case.run(mapping, &takers);
    let mends = |file: &String| verdict.blessed.contains_key(file);
    if let Some(other) = verdict.differences.iter().find(|one| !mends(&one.file)) {
        let got = other.got.as_deref().unwrap_or("nothing");
        return Err(format!("this cannot be a case: {} {}: {got}", other.file, other.at));
    }
    files.extend(verdict.blessed);
    Ok(files)
}

fn head(work: &Work, mapping: &Mapping) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let says = if work.says.trim().is_empty() { &work.case } else { work.says.trim() };
    let stem = work.mapping.split_once('/').map_or("", |(_, stem)| stem);
    let mut head = format!("says    = {}\nmapping = {}\n", text(says), text(stem));
    if work.lenient && work.way != "out" {
        head.push_str("hetu    = \"lenient\"\n");
    }
    let left = unmapped(work, mapping);
    if !left.is_empty() {
        let paths: Vec<_> = left.iter().map(|at| text(at)).collect();
        head.push_str(&format!("unmapped = [{}]\n", paths.join(", ")));
    }
    if mapping.writes() {
        head.push_str("\n[context]\n");
        for (name, known) in super::CONTEXT {
            head.push_str(&format!("\"{name}\" = {}\n", text(known)));
        }
    }
    head
}

/// What the hub would report as unmapped of the document, as it names places.
fn unmapped(work: &Work, mapping: &Mapping) -> Vec<String> {
    if work.way == "out" {
        return Vec::new();
    }
    let document = luotsi_mapping::read(
        mapping.format(),
        work.document.as_bytes(),
        &luotsi_mapping::Limits::default(),
    );
    let strictness = if work.lenient { Strictness::Lenient } else { Strictness::Strict };
    let decoded = document.and_then(Document::record).ok();
    let decoded = decoded.and_then(|document| mapping.decode(&document, strictness).ok());
    decoded.map(|decoded| decoded.unmapped).unwrap_or_default()
}

fn is_name(name: &str) -> bool {
    let is_fit = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=64).contains(&name.len()) && name.bytes().all(is_fit) && !name.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn a_name_leads_nowhere_else() {
        let check = |name: &str, fits: bool| assert_eq!(is_name(name), fits, "{name}");
        check("referral-aino-2", true);
        check("", false);
        check("..", false);
        check("a/b", false);
        check("-a", false);
        check("Ä", false);
        check(&"a".repeat(65), false);
    }
}

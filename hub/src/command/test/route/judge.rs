//! What came of a case against what must.

use std::fmt::Write as _;

use luotsi_mapping::{
    Format, Limits,
    case::{Difference, Files, compare, laid_out},
};

use super::{
    case::{Case, MustNot, To},
    stage::{Played, Seen, Sent},
};

/// What is not as it must be, and what the wanted files would have to be. Nothing is to be rewritten
/// where something went that must not.
pub(super) fn judge(case: &Case, played: &Played) -> (Vec<Difference>, Files) {
    let mut judge = Judge { case, found: Vec::new(), wanted: Files::new(), is_barred: false };
    judge.record(played);
    judge.sends("", &case.head.to, &played.sends);
    let later = case.head.later.as_ref().map_or(&[][..], |later| &later.to);
    judge.sends("later, ", later, &played.later);
    for (wanted, seen) in case.head.reads.iter().zip(&played.reads) {
        let at = format!("read by {}", wanted.system);
        judge.read(&at, wanted.gets.as_ref(), &wanted.must_not, seen);
        judge.by(&at, wanted.by.as_deref(), &seen.by);
    }
    if judge.is_barred {
        judge.wanted.clear();
    }
    (judge.found, judge.wanted)
}

struct Judge<'c> {
    case: &'c Case,
    found: Vec<Difference>,
    wanted: Files,
    is_barred: bool,
}

impl Judge<'_> {
    fn record(&mut self, played: &Played) {
        match (&played.record, &self.case.head.rejected) {
            (Ok(record), None) => self.document("record.json", Format::Json, record),
            (Ok(_), Some(code)) => self.differs("the input", Some(code), Some("accepted")),
            (Err((code, _)), Some(wanted)) if code == wanted => {}
            (Err((code, places)), wanted) => {
                let mut said = (*code).to_owned();
                places.iter().for_each(|place| {
                    let _ = write!(said, "; {place}");
                });
                self.differs("the input", wanted.as_deref().or(Some("accepted")), Some(&said));
            }
        }
    }

    fn sends(&mut self, when: &str, wanted_all: &[To], came_all: &[Sent]) {
        let mut left: Vec<&Sent> = came_all.iter().collect();
        for to in wanted_all {
            let is_it = |sent: &&Sent| {
                sent.system == to.system && to.purpose.as_ref().is_none_or(|p| *p == sent.purpose)
            };
            let at = format!("{when}to {}", to.system);
            match left.iter().position(is_it) {
                Some(found) => self.send(&at, to, left.remove(found)),
                None => self.differs(&at, Some(&wanted(to)), None),
            }
        }
        for sent in left {
            let at = format!("{when}to {} for {}", sent.system, sent.purpose);
            self.differs(&at, None, Some(&came(sent)));
            self.is_barred = true;
        }
    }

    fn send(&mut self, at: &str, to: &To, sent: &Sent) {
        let is_as_wanted = match (&to.gets, &to.waits, &to.refused, &to.dead) {
            (Some(_), ..) => sent.state == "delivered",
            (_, Some(why), ..) => sent.state == "waiting" && sent.cause.as_ref() == Some(why),
            (.., Some(why), _) => sent.state == "refused" && sent.cause.as_ref() == Some(why),
            (.., Some(why)) => sent.state == "dead" && sent.cause.as_ref() == Some(why),
            _ => false,
        };
        if !is_as_wanted {
            self.is_barred = true;
            self.differs(at, Some(&wanted(to)), Some(&came(sent)));
        }
        if let Some((format, document)) = &sent.document {
            self.must_not(at, &to.must_not, *format, document);
            if let Some(file) = &to.gets {
                self.document(file, *format, document);
            }
        }
        self.by(at, to.by.as_deref(), &sent.by);
    }

    fn read(&mut self, at: &str, gets: Option<&String>, must_not: &MustNot, seen: &Seen) {
        match (gets, &seen.document) {
            (Some(file), Some((format, document))) => {
                self.must_not(at, must_not, *format, document);
                self.document(file, *format, document);
            }
            (Some(file), None) => self.differs(at, Some(file), None),
            (None, Some(_)) => {
                self.is_barred = true;
                self.differs(at, None, Some("it sees the plan"));
            }
            (None, None) => {}
        }
    }

    fn by(&mut self, at: &str, wanted: Option<&[String]>, got: &[String]) {
        let sorted = |rules: &[String]| {
            let mut rules = rules.to_vec();
            rules.sort();
            rules
        };
        if let Some(wanted) = wanted.filter(|wanted| sorted(wanted) != sorted(got)) {
            let at = format!("{at}, by");
            self.differs(&at, Some(&wanted.join(", ")), Some(&got.join(", ")));
        }
    }

    /// Compares with the file; where that differs, it would have to be what came.
    fn document(&mut self, file: &str, format: Format, got: &[u8]) {
        let found = compare(file, self.case.file(file), got, format);
        if !found.is_empty() {
            self.found.extend(found);
            self.wanted.insert(file.to_owned(), laid_out(got, format));
        }
    }

    fn must_not(&mut self, at: &str, must_not: &MustNot, format: Format, document: &[u8]) {
        let Ok(document) = luotsi_mapping::read(format, document, &Limits::default()) else {
            return self.differs(at, Some("a document"), Some("it cannot be read"));
        };
        for leaf in document.leaves_told() {
            let barred = |path: &&String| lies_at(&leaf.at, path);
            let said = |text: &&String| leaf.text.contains(text.as_str());
            let path = must_not.paths.iter().find(barred);
            if let Some(broken) = path.or_else(|| must_not.values.iter().find(said)) {
                self.is_barred = true;
                let (at, wanted) = (format!("{at}, {}", leaf.at), format!("never {broken}"));
                self.differs(&at, Some(&wanted), Some(&leaf.text));
            }
        }
    }

    fn differs(&mut self, at: &str, wanted: Option<&str>, got: Option<&str>) {
        self.found.push(Difference {
            file: "case.toml".into(),
            at: at.to_owned(),
            wanted: wanted.map(str::to_owned),
            got: got.map(str::to_owned),
        });
    }
}

/// Whether a leaf stands at a path or below it; the path may leave out numbers.
fn lies_at(leaf: &str, path: &str) -> bool {
    let below = |leaf: &str| {
        let rest = leaf.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']))
    };
    below(leaf) || below(&without_numbers(leaf))
}

fn without_numbers(leaf: &str) -> String {
    let mut out = String::with_capacity(leaf.len());
    for part in leaf.split('[') {
        match part.split_once(']') {
            Some((number, rest)) if number.bytes().all(|b| b.is_ascii_digit()) => {
                out.push_str(rest);
            }
            _ => out.push_str(part),
        }
    }
    out
}

fn wanted(to: &To) -> String {
    let said = [
        ("gets ", &to.gets),
        ("waits: ", &to.waits),
        ("refused: ", &to.refused),
        ("dead: ", &to.dead),
    ];
    let found = said.into_iter().find_map(|(verb, text)| Some(format!("{verb}{}", text.as_ref()?)));
    found.unwrap_or_default()
}

fn came(sent: &Sent) -> String {
    match &sent.cause {
        Some(cause) if sent.state != "delivered" => format!("{}: {cause}", sent.state),
        _ => sent.state.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::lies_at;

    #[test]
    fn a_path_bars_what_lies_below() {
        let check = |leaf, path, barred| assert_eq!(lies_at(leaf, path), barred, "{leaf} {path}");
        check("a/b", "a/b", true);
        check("a/b/c", "a/b", true);
        check("a[1]/b", "a/b", true);
        check("a[1]/b", "a[1]", true);
        check("a[2]/b", "a[1]", false);
        check("a/bc", "a/b", false);
        check("a", "a/b", false);
    }
}

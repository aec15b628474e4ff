//! The disclosure report as a page: a line for each send, below it what went and on what ground;
//! then who looked.

use std::fmt::Write as _;

use jiff::Timestamp;
use luotsi_journal::GroundEntry;
use luotsi_model::Category;

use super::Lang;
use crate::command::{
    Ink,
    layout::{hang, local, names, zone},
    ops::{Disclosure, Report},
};

/// Columns of the labels below a line.
const LABEL: usize = 12;
/// Where they begin.
const INDENT: usize = 21;

/// What a page is written with.
struct Page<'r> {
    report: &'r Report,
    lang: Lang,
    ink: Ink,
    text: String,
}

/// The widths that the longest names need.
struct Widths {
    kind: usize,
    way: usize,
    purpose: usize,
}

/// The report on a page.
pub(super) fn render(report: &Report, lang: Lang, ink: Ink) -> String {
    let mut page = Page { report, lang, ink, text: String::new() };
    page.heading();
    page.disclosures();
    page.uses();
    page.text
}

impl Page<'_> {
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn heading(&mut self) {
        let (lang, all) = (self.lang, &self.report.disclosures);
        let shown = all.iter().filter(|d| d.shown).count();
        let about =
            lang.pick("Luovutukset asiakkaasta", "Utlämnanden om klienten", "Disclosures about");
        let title = self.ink.strong(format!("{about} {}", self.report.client));
        let summary = format!(
            "{}: {} {}; {} {}\n",
            self.period(),
            lang.pick(
                "luovutettu tai mahdollisesti luovutettu",
                "utlämnat, eller kanske utlämnat,",
                "shown, or perhaps shown,"
            ),
            lang.times(shown),
            lang.pick("ei luovutettu", "inte utlämnat", "not shown"),
            lang.times(all.len() - shown),
        );
        self.line(&title);
        self.line(&summary);
    }

    /// The hub answers the widest bounds there are where none were asked for.
    fn period(&self) -> String {
        let lang = self.lang;
        let from = if self.report.from == Timestamp::UNIX_EPOCH {
            lang.pick("alusta", "från början", "from the beginning").to_owned()
        } else {
            format!("{} {}", lang.pick("alkaen", "från", "from"), local(self.report.from))
        };
        let to = if self.report.to == Timestamp::MAX {
            lang.pick("tähän hetkeen", "till nu", "until now").to_owned()
        } else {
            format!("{} {}", lang.pick("ennen", "före", "until"), local(self.report.to))
        };
        format!("{from} {to}")
    }

    fn disclosures(&mut self) {
        let (lang, all) = (self.lang, &self.report.disclosures);
        let Some(last) = all.last() else {
            let nothing = lang.pick(
                "mitään ei ole luovutettu eikä evätty",
                "inget har lämnats ut och inget har nekats",
                "nothing was disclosed, and nothing refused",
            );
            return self.line(nothing);
        };
        let widths = self.widths();
        let title = format!(
            "{:<19}  {:<kind$}  {:<way$}  {:<purpose$}  {}",
            format!("{} ({})", lang.pick("aika", "tid", "time"), zone(last.at)),
            lang.pick("tieto", "uppgift", "record"),
            lang.pick("keneltä → kenelle", "från → till", "from → to"),
            lang.pick("tarkoitus", "ändamål", "for"),
            lang.pick("tulos", "resultat", "what became of it"),
            kind = widths.kind,
            way = widths.way,
            purpose = widths.purpose
        );
        let (title, rule) = (self.ink.strong(title), self.ink.faint("─".repeat(100)));
        self.line(&title);
        self.line(&rule);
        all.iter().for_each(|disclosure| self.row(disclosure, &widths));
    }

    fn widths(&self) -> Widths {
        let widest = |of: &dyn Fn(&Disclosure) -> usize, least| {
            self.report.disclosures.iter().map(of).fold(least, usize::max)
        };
        Widths {
            kind: widest(&|d| self.kind(d).chars().count(), 6),
            way: widest(&|d| self.way(d).chars().count(), 17),
            purpose: widest(&|d| d.purpose.chars().count(), 9),
        }
    }

    fn kind<'d>(&'d self, disclosure: &'d Disclosure) -> &'d str {
        let known = self.report.words.kinds.get(&disclosure.kind);
        known.map_or(&disclosure.kind, |title| self.lang.title(title))
    }

    fn way(&self, disclosure: &Disclosure) -> String {
        format!("{} → {}", disclosure.source, disclosure.recipient)
    }

    fn row(&mut self, disclosure: &Disclosure, widths: &Widths) {
        let line = format!(
            "{}  {:<kind$}  {}  {:<purpose$}  {}",
            local(disclosure.at),
            self.kind(disclosure),
            self.ink.name(format!("{:<way$}", self.way(disclosure), way = widths.way)),
            disclosure.purpose,
            self.became(disclosure),
            kind = widths.kind,
            purpose = widths.purpose
        );
        self.line(&line);
        self.recipient(disclosure);
        let lang = self.lang;
        if disclosure.shown {
            let fields = self.fields(disclosure, &disclosure.fields);
            let none = lang.pick("ei tietoja", "inga uppgifter", "no field");
            let shown = if fields.is_empty() { none } else { &fields };
            self.below(lang.pick("luovutettu", "utlämnat", "shown"), shown);
        }
        let withheld = self.fields(disclosure, &disclosure.withheld);
        self.below(lang.pick("jätetty pois", "utelämnat", "held back"), &withheld);
        let grounds: Vec<_> = disclosure.grounds.iter().map(|g| ground(lang, g)).collect();
        self.below(lang.pick("peruste", "grund", "ground"), &names(&grounds, ""));
        let message = disclosure.message.as_deref().unwrap_or_default();
        self.below(lang.pick("viesti", "meddelande", "message"), message);
    }

    /// Who the recipient is, where the region has a name for it.
    fn recipient(&mut self, disclosure: &Disclosure) {
        let lang = self.lang;
        let known = self.report.words.systems.get(&disclosure.recipient);
        let name = known.map_or("", |title| lang.title(title)).to_owned();
        self.below(lang.pick("saaja", "mottagare", "recipient"), &name);
    }

    /// Fields by their names, category by category: `identity: Given name, Family name; need: …`.
    fn fields(&self, disclosure: &Disclosure, paths: &[String]) -> String {
        let words = self.report.words.fields.get(&disclosure.kind);
        let known = |path: &String| words.and_then(|words| words.get(path));
        let named = |paths: &mut dyn Iterator<Item = &String>| {
            let title = |path| known(path).map_or(path.as_str(), |w| self.lang.title(&w.title));
            paths.map(title).collect::<Vec<_>>().join(", ")
        };
        let mut groups = Vec::new();
        for category in Category::ALL {
            let of_it = |path: &&String| known(path).is_some_and(|w| w.category == *category);
            let fields = named(&mut paths.iter().filter(of_it));
            if !fields.is_empty() {
                groups.push(format!("{}: {fields}", self.lang.category(*category)));
            }
        }
        // What today's region has no name for keeps the name that the log has.
        let others = named(&mut paths.iter().filter(|path| known(path).is_none()));
        groups.extend((!others.is_empty()).then_some(others));
        groups.join("; ")
    }

    fn became(&self, disclosure: &Disclosure) -> String {
        let result = self.lang.result(&disclosure.result);
        match (disclosure.shown, disclosure.result.as_str()) {
            (true, "delivered") => self.ink.good(format!("✓ {result}")),
            (true, _) => self.ink.warn(format!("↻ {result}")),
            (false, _) => self.ink.bad(format!("✗ {result}")),
        }
    }

    fn uses(&mut self) {
        if self.report.uses.is_empty() {
            return;
        }
        let title = self.lang.pick("Katselut", "Läsningar", "Looked at by people");
        let title = format!("\n{}", self.ink.strong(title));
        self.line(&title);
        let (lang, report) = (self.lang, self.report);
        for seen in &report.uses {
            let message = seen.message.as_ref().map(|id| format!(", {id}")).unwrap_or_default();
            let who = self.ink.name(&seen.who);
            let line = format!("{}  {who}  {}{message}", local(seen.at), lang.result(&seen.what));
            self.line(&line);
        }
    }

    fn below(&mut self, label: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let lead = format!("{}{}", " ".repeat(INDENT), self.ink.faint(format!("{label:<LABEL$} ")));
        hang(&mut self.text, &lead, INDENT + LABEL + 1, text);
    }
}

/// A ground in words: `consent S-1 v2, by the rule “third sector by consent”`.
pub(super) fn ground(lang: Lang, ground: &GroundEntry) -> String {
    let mut text = lang.basis(&ground.basis).to_owned();
    if let Some(directive) = &ground.directive {
        // Writing into a String cannot fail.
        let _ = write!(text, " {directive}");
        let _ = ground.version.map_or(Ok(()), |version| write!(text, " v{version}"));
    }
    // A right in law is told with the reason that was stated.
    let _ = ground.reason.as_ref().map_or(Ok(()), |reason| write!(text, " ({reason})"));
    let rule = &ground.rule;
    text.push_str(&match lang {
        Lang::Fi => format!(", säännön ”{rule}” mukaan"),
        Lang::Sv => format!(", enligt regeln ”{rule}”"),
        Lang::En => format!(", by the rule “{rule}”"),
    });
    text
}

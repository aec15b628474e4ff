//! The page: two editors, and the three views.

use std::fmt::Write as _;

use luotsi_model::{Severity, diagnostic::line_column};

use super::{
    Work,
    html::{escape, options, steps},
    save::Said,
    shelf::{Edited, Shelf},
};
use crate::command::map::{
    View,
    view::{Fate, Field, Put, Source, Taken, Told, Written},
};

/// What is wrong with a mapping, by its place.
pub(super) struct Finding {
    file: String,
    line: usize,
    /// Whether it stands in the mapping that is being edited.
    is_here: bool,
    code: &'static str,
    is_error: bool,
    what: String,
    why: String,
    mend: String,
}

impl Finding {
    /// Everything found, errors first; `path` is the file that is being edited.
    pub(super) fn of(edited: &Edited, path: &str) -> Vec<Self> {
        let told = edited.found.iter().map(|found| {
            let text = edited.ground.sources.get(&found.file).map_or("", String::as_str);
            let start = found.span.as_ref().map_or(0, |span| span.start);
            Self {
                file: found.file.trim_start_matches("./").to_owned(),
                line: line_column(text, start).0,
                is_here: found.file == path,
                code: found.code,
                is_error: found.severity == Severity::Error,
                what: found.what.clone(),
                why: found.why.clone(),
                mend: found.mend.clone(),
            }
        });
        let mut all: Vec<_> = told.collect();
        all.sort_by_key(|found| !found.is_error);
        all
    }
}

/// The whole page.
pub(super) fn whole(
    shelf: &Shelf,
    work: &Work,
    views: &Result<View, Vec<Finding>>,
    said: Option<&Said>,
) -> String {
    let base = said.and_then(|said| said.base.as_deref()).unwrap_or(&work.base);
    let names = shelf.names();
    let samples = shelf.samples(&work.mapping, &work.way);
    let mappings = options(names.iter().map(String::as_str), &work.mapping);
    let tos = options(names.iter().map(String::as_str), &work.to);
    let samples = options(samples.iter().map(|one| &*one.name), &work.sample);
    let out = if work.way == "out" { " selected" } else { "" };
    let lenient = if work.lenient { " checked" } else { "" };
    let document = if work.way == "out" { "Record" } else { "Document" };
    let [rules, text, file, case, says] =
        [&work.rules, &work.document, &shelf.shown(&work.mapping), &work.case, &work.says]
            .map(|text| escape(text));
    let views = part(views, said);
    format!(
        r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Luotsi</title>
<link rel="stylesheet" href="desk.css">
<script src="desk.js" defer></script>
</head>
<body>
<a class="skip" href="#views">To the views</a>
<header>
<h1>Luotsi <span>map</span></h1>
<form id="choose" method="get" action="">
<label>Mapping <select name="mapping">{mappings}</select></label>
<label>Way <select name="way"><option value="in">in: document to record</option><option value="out"{out}>out: record to document</option></select></label>
<label>Sample <select name="sample">{samples}</select></label>
<button>Open</button>
</form>
</header>
<main>
<form id="desk" method="post" action="">
<input type="hidden" name="mapping" value="{mapping}">
<input type="hidden" name="way" value="{way}">
<input type="hidden" name="sample" value="{sample}">
<input type="hidden" name="base" value="{base}">
<section>
<div class="bar"><h2><label for="rules">Mapping</label></h2><code>{file}</code></div>
<div class="editor" data-tall><textarea id="rules" name="rules" spellcheck="false" wrap="off" autocapitalize="off" autocomplete="off">
{rules}</textarea></div>
<p class="tools"><button formaction="save">Save mapping</button></p>
</section>
<section>
<div class="bar"><h2><label for="document">{document}</label></h2><code>{sample}</code></div>
<div class="editor"><textarea id="document" name="document" spellcheck="false" wrap="off" autocapitalize="off" autocomplete="off">
{text}</textarea></div>
<p class="tools">
<label>Result by <select name="to">{tos}</select></label>
<label class="check"><input type="checkbox" name="lenient" value="true"{lenient}> take wrong check characters</label>
<button class="main">Show</button>
</p>
<fieldset><legend>Save as case</legend>
<label>Name <input name="case" value="{case}" placeholder="referral-without-phone" pattern="[a-z0-9][a-z0-9\-]*" maxlength="64"></label>
<label class="wide">Shows that <input name="says" value="{says}" placeholder="a referral without a phone number is read"></label>
<button formaction="case">Save case</button>
</fieldset>
</section>
</form>
<section id="views" aria-label="Views" aria-live="polite" tabindex="-1">
{views}</section>
</main>
</body>
</html>
"##,
        title = escape(&work.mapping),
        mapping = escape(&work.mapping),
        way = escape(&work.way),
        sample = escape(&work.sample),
        base = escape(base),
    )
}

/// What came of it, without the page around it.
pub(super) fn part(views: &Result<View, Vec<Finding>>, said: Option<&Said>) -> String {
    let mut page = String::new();
    if let Some(said) = said {
        let sort = if said.is_done { "done" } else { "not" };
        let base = said
            .base
            .as_deref()
            .map_or(String::new(), |base| format!(" data-base=\"{}\"", escape(base)));
        let _ = writeln!(
            page,
            "<p class=\"said {sort}\" role=\"status\"{base}>{}</p>",
            escape(&said.text)
        );
    }
    match views {
        Err(found) => findings(&mut page, found),
        Ok(view) => {
            faults(&mut page, &view.faults);
            if let Some(found) = &view.source {
                source(&mut page, found);
            }
            if !view.record.is_empty() {
                record(&mut page, view);
            }
            if let Some(written) = &view.result {
                result(&mut page, view, written);
            }
        }
    }
    page
}

fn findings(page: &mut String, found: &[Finding]) {
    heading(
        page,
        "mistakes",
        "Mistakes",
        &format!("{} in the mapping: nothing is shown", found.len()),
    );
    page.push_str("<ol class=\"findings\">\n");
    for Finding { file, line, is_here, code, is_error, what, why, mend } in found {
        let sort = if *is_error { "error" } else { "warning" };
        let rules = if *is_here { line.to_string() } else { String::new() };
        let _ = writeln!(
            page,
            "<li class=\"{sort}\" data-rules=\"{rules}\"><button type=\"button\" class=\"at\">\
             {}:{line}</button> <strong>{}</strong> <span class=\"code\">{code}</span><br>{}. \
             <em>{}.</em></li>",
            escape(file),
            escape(what),
            escape(why),
            escape(mend)
        );
    }
    page.push_str("</ol>\n");
}

fn faults(page: &mut String, faults: &[Told]) {
    if faults.is_empty() {
        return;
    }
    let count = format!("{} place{}", faults.len(), if faults.len() == 1 { "" } else { "s" });
    heading(page, "refused", "Refused", &count);
    page.push_str("<ol class=\"findings\">\n");
    for Told { code, at, line, column, field, why } in faults {
        let at = if at.is_empty() { "the document" } else { at };
        let place = if *line > 0 { format!("{line}:{column} ") } else { String::new() };
        let field = field.as_ref().map_or(String::new(), |field| format!(" (field {field})"));
        let _ = writeln!(
            page,
            "<li class=\"error\" data-line=\"{line}\"><button type=\"button\" class=\"at\">{place}{}\
             </button> {}{} <span class=\"code\">{code}</span></li>",
            escape(at),
            escape(why),
            escape(&field)
        );
    }
    page.push_str("</ol>\n");
}

fn source(page: &mut String, source: &Source) {
    let Source { mapped, ignored, unmapped, leaves } = source;
    let tally = format!("{mapped} mapped, {ignored} ignored, {unmapped} unmapped");
    heading(page, "source", "Source", &tally);
    table(page, "source", ["Place", "Text", "Becomes", "Rule"]);
    for leaf in leaves {
        let Taken { at, text, line, fate, fields, rules, .. } = leaf;
        let becomes = match fate {
            Fate::Mapped if fields.is_empty() => "<span class=\"quiet\">known</span>".to_owned(),
            Fate::Mapped => steps(&fields.join(", ")),
            Fate::Ignored => "<span class=\"quiet\">ignored</span>".to_owned(),
            Fate::Unmapped => "<span class=\"bad\">unmapped</span>".to_owned(),
        };
        let class = if *fate == Fate::Unmapped { " class=\"unmapped\"" } else { "" };
        row(page, class, &Row { at, text, fields, rules, line: *line, becomes: &becomes });
    }
    page.push_str("</tbody></table></div>\n");
}

fn record(page: &mut String, view: &View) {
    let count = view.record.len();
    heading(
        page,
        "record",
        "Record",
        &format!("{count} value{}", if count == 1 { "" } else { "s" }),
    );
    table(page, "record", ["Field", "Value", "Category and origin", "Rule"]);
    for Field { field, value, category, from, rule } in &view.record {
        let origin = match (from, rule) {
            (Some(from), _) => format!("from {}", steps(from)),
            (None, Some(_)) => "<span class=\"quiet\">given by the mapping</span>".into(),
            (None, None) => String::new(),
        };
        let becomes = format!("<span class=\"tag\">{category}</span> {origin}");
        let (fields, rules) = (&[field.clone()][..], rule.as_slice());
        row(page, "", &Row { at: field, text: value, fields, rules, line: 0, becomes: &becomes });
    }
    page.push_str("</tbody></table></div>\n");
}

fn result(page: &mut String, view: &View, written: &Written) {
    heading(page, "result", "Result", &format!("by {}", escape(&written.by)));
    table(page, "result", ["Place", "Text", "Shows", "Rule"]);
    // Its lines are of another file, unless the same mapping wrote it.
    let is_same = written.by == view.with;
    for Put { at, text, field, rule } in &written.leaves {
        let becomes = match (field, rule) {
            (Some(field), _) => steps(field),
            (None, Some(_)) => "<span class=\"quiet\">given by mapping or send</span>".into(),
            (None, None) => "<span class=\"quiet\">a selector's key</span>".into(),
        };
        let rules = if is_same { rule.as_slice() } else { &[] };
        let (fields, line) = (field.as_slice(), 0);
        row(page, "", &Row { at, text, fields, rules, line, becomes: &becomes });
    }
    page.push_str("</tbody></table></div>\n");
    if !written.left.is_empty() {
        let _ = writeln!(
            page,
            "<p class=\"left\">It has no place for {}.</p>",
            escape(&written.left.join(", "))
        );
    }
    let _ = writeln!(
        page,
        "<details><summary>As it is sent</summary><pre tabindex=\"0\">{}</pre></details>",
        escape(&written.text)
    );
}

fn heading(page: &mut String, id: &str, title: &str, rest: &str) {
    let _ = writeln!(page, "<h2 id=\"v-{id}\">{title} <small>{rest}</small></h2>");
}

fn table(page: &mut String, id: &str, heads: [&str; 4]) {
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    let _ = writeln!(
        page,
        "<div class=\"scroll\"><table aria-labelledby=\"v-{id}\"><thead><tr>{heads}</tr></thead><tbody>"
    );
}

/// One value of a view; what belongs to it in the others is known by its fields and rules.
struct Row<'r> {
    at: &'r str,
    text: &'r str,
    fields: &'r [String],
    rules: &'r [usize],
    line: usize,
    becomes: &'r str,
}

fn row(page: &mut String, class: &str, row: &Row<'_>) {
    let numbers =
        |numbers: &[usize]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let (rules, line) = (numbers(row.rules), row.line);
    let line = if line > 0 { format!(" data-line=\"{line}\"") } else { String::new() };
    let _ = writeln!(
        page,
        "<tr{class} data-rules=\"{rules}\" data-fields=\"{}\"{line}><th scope=\"row\"><button \
         type=\"button\" class=\"at\">{}</button></th><td class=\"text\">{}</td><td>{}</td>\
         <td class=\"line\">{rules}</td></tr>",
        escape(&row.fields.join(" ")),
        steps(row.at),
        escape(row.text),
        row.becomes
    );
}

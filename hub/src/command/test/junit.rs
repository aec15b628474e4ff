//! JUnit XML, as CI servers read it.

use std::fmt::Write as _;

use super::Ran;

pub(super) fn render(ran: &[Ran]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"luotsi test\" {}>", totals(ran));
    for suite in ran.chunk_by(|a, b| a.suite == b.suite) {
        let name = suite.first().map_or("", |case| &case.suite);
        let _ = writeln!(out, "  <testsuite name=\"{}\" {}>", escape(name), totals(suite));
        suite.iter().for_each(|case| one(&mut out, case));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn totals(ran: &[Ran]) -> String {
    let failures = ran.iter().filter(|case| !case.holds).count();
    let seconds = ran.iter().map(|case| case.took.as_secs_f64()).sum::<f64>();
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\" time=\"{seconds:.3}\"", ran.len())
}

fn one(out: &mut String, case: &Ran) {
    let (name, class) = (escape(&case.case), escape(&case.suite));
    let seconds = case.took.as_secs_f64();
    let _ =
        write!(out, "    <testcase name=\"{name}\" classname=\"{class}\" time=\"{seconds:.3}\"");
    if case.holds {
        out.push_str("/>\n");
        return;
    }
    let says = escape(&case.says);
    let _ = writeln!(out, ">\n      <failure message=\"{says}\" type=\"difference\">");
    for one in &case.differences {
        let [wanted, got] =
            [&one.wanted, &one.got].map(|text| text.as_deref().unwrap_or("nothing"));
        let line = format!("{} {}: wanted {wanted}, got {got}", one.file, one.at);
        let _ = writeln!(out, "{}", escape(&line));
    }
    out.push_str("      </failure>\n    </testcase>\n");
}

/// As XML 1.0 takes it; a control character, which it has no form for, is shown as its picture.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' | '\r' => out.push(' '),
            c if c < ' ' => out.push(char::from_u32(0x2400 + c as u32).unwrap_or('?')),
            '\u{fffe}' | '\u{ffff}' => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

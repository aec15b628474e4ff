//! What is found in a mapping file, with its place.

use luotsi_model::Severity;

use crate::sample::{CSV, HL7, JSON, NUMBERED, XML, compiled};

/// Compiles a file whose fields are `fields`; each finding as code and the text it points at.
fn check_file(text: &str, want: &[(&str, &str)]) {
    let (mapping, found) = compiled(text);
    let got: Vec<_> =
        found.iter().map(|d| (d.code, &text[d.span.clone().unwrap_or(0..0)])).collect();
    assert_eq!(got, want, "{text}\n{found:#?}");
    let failed = found.iter().any(|d| d.severity == Severity::Error);
    assert_eq!(mapping.is_none(), failed);
    for d in &found {
        assert!(!d.what.is_empty() && !d.why.is_empty() && !d.mend.is_empty(), "{d:?}");
    }
}

fn check(fields: &str, want: &[(&str, &str)]) {
    let hetu = r#"{ at = "H", is = "client.hetu" },"#;
    check_file(
        &format!(
            "record = \"sample\"\nformat = \"xml\"\nroot = \"R\"\nfields = [ {hetu} {fields} ]"
        ),
        want,
    );
}

fn check_json(rest: &str, want: &[(&str, &str)]) {
    check_file(&format!("record = \"sample\"\nformat = \"json\"\none_way = \"out\"\n{rest}"), want);
}

#[test]
fn samples_are_clean() {
    check_file(XML, &[]);
    check_file(JSON, &[]);
    check_file(CSV, &[]);
    check_file(HL7, &[]);
    check_file(NUMBERED, &[]);
}

#[test]
fn the_file() {
    check_file("record = ", &[("LU100", "")]);
    check_file("record = \"sample\"\nformat = \"jsn\"", &[("LU101", "\"jsn\"")]);
    check_file("record = \"sampel\"\nformat = \"json\"", &[("LU102", "\"sampel\"")]);
    check_file("record = \"sample\"\nformat = \"json\"", &[("LU110", "\"sample\"")]);
    check_json("fieldz = []", &[("LU101", "fieldz")]);
    check_file(
        "record = \"sample\"\nformat = \"xml\"\nroot = \"R\"\nnamespace = \"\"\none_way = \"out\"",
        &[("LU101", "\"\"")],
    );
    check_json("root = \"R\"", &[("LU101", "\"R\"")]);
    check_file("format = \"xml\"", &[("LU101", "")]);
    check_json("ignored = [{ at = \"a\" }]", &[("LU109", "\"a\"")]);
    check_json("match = { at = \"a/\", value = \"x\" }", &[("LU105", "\"a/\"")]);
}

#[test]
fn csv() {
    let file = |csv: &str, fields: &str| {
        format!(
            "record = \"sample\"\nformat = \"csv\"\none_way = \"out\"\nfields = [{fields}]\n{csv}"
        )
    };
    let check =
        |csv: &str, fields: &str, want: &[(&str, &str)]| check_file(&file(csv, fields), want);
    let semicolon = "[csv]\ndelimiter = \";\"";
    check(semicolon, "{ at = \"A / b [c]\", is = \"need\" }", &[]);
    check("", "", &[("LU101", "\"csv\"")]);
    check("[csv]", "", &[("LU101", "[csv]")]);
    check("[csv]\ndelimiter = \"x\"", "", &[("LU101", "\"x\"")]);
    check(&format!("{semicolon}\nheadr = true"), "", &[("LU101", "headr")]);
    check(&format!("{semicolon}\nencoding = \"utf8\""), "", &[("LU101", "\"utf8\"")]);
    check(semicolon, "{ at = \" A\", is = \"need\" }", &[("LU105", "\" A\"")]);
    let numbered = format!("{semicolon}\nheader = false\nencoding = \"iso-8859-1\"");
    check(&numbered, "{ at = \"7\", is = \"need\" }", &[]);
    check(&numbered, "{ at = \"0\", is = \"need\" }", &[("LU105", "\"0\"")]);
    check(&numbered, "{ at = \"A\", is = \"need\" }", &[("LU105", "\"A\"")]);
    let latin = numbered.replace("false", "true");
    check(&latin, "{ at = \"€\", is = \"need\" }", &[("LU105", "\"€\"")]);
    let each = format!("[[each]]\nat = \"g\"\nis = \"goals[]\"\n{semicolon}");
    check(&each, "", &[("LU113", "\"g\"")]);
    check_json("[csv]\ndelimiter = \";\"", &[("LU101", "[csv]")]);
}

#[test]
fn one_rule() {
    check("{ at = \"A\", is = \"need\", onw_way = \"in\" }", &[("LU101", "onw_way")]);
    check("{ at = \"A\", is = \"need\", one_way = \"both\" }", &[("LU101", "\"both\"")]);
    check("{ at = \"A\", is = \"need\", required = \"yes\" }", &[("LU101", "\"yes\"")]);
    check("{ at = \"A\", is = \"ned\" }", &[("LU103", "\"ned\"")]);
    check("{ at = \"A\", is = \"service\", codes = \"servics\" }", &[("LU104", "\"servics\"")]);
    check("{ at = \"A//B\", is = \"need\" }", &[("LU105", "\"A//B\"")]);
    check("{ at = \"A\", is = \"need\", codes = \"services\" }", &[("LU107", "\"services\"")]);
    check("{ at = \"A\", is = \"need\", format = \"dd.MM.yyyy\" }", &[("LU107", "\"dd.MM.yyyy\"")]);
    check("{ at = \"A\", is = \"sent\", format = \"dd.MM.yyyy\" }", &[("LU107", "\"dd.MM.yyyy\"")]);
    check("{ at = \"A\", is = \"day\", default = \"noon\" }", &[("LU107", "\"noon\"")]);
    check(
        "{ at = \"A\", is = \"need\", region = \"FI\" }",
        &[("LU108", "\"FI\""), ("LU107", "\"FI\"")],
    );
    let phone = |more| format!("{{ at = \"A\", is = \"client.phone\", {more} }}");
    check(&phone("region = \"SE\", one_way = \"in\""), &[("LU107", "\"SE\"")]);
    check(&phone("region = \"FI\""), &[("LU108", "\"FI\"")]);
    check(&phone("region = \"FI\", one_way = \"in\""), &[]);
    let both = "{ at = \"A\", is = \"need\", constant = \"x\" }";
    check(both, &[("LU107", both)]);
    check("{ at = \"A\", is = \"sent\", format = \"dd.MM.yy\" }", &[("LU111", "\"dd.MM.yy\"")]);
    check("{ at = \"A\", is = \"$now2\" }", &[("LU112", "\"$now2\"")]);
    check("{ at = \"A\", template = \"{$deliveri}\" }", &[("LU112", "\"{$deliveri}\"")]);
    check("{ at = \"A\", is = \"goals[]\" }", &[("LU113", "\"goals[]\"")]);
    check("{ at = \"A\", is = \"goals[].text\" }", &[("LU113", "\"goals[].text\"")]);
    let bare = "{ is = \"need\" }";
    check(bare, &[("LU101", bare)]);
}

#[test]
fn closed_code_sets() {
    let rule = |more| format!("{{ at = \"A\", is = \"action\", {more} }}");
    check(&rule("codes = \"acts\""), &[("LU119", "\"acts\"")]);
    check(&rule("codes = \"services\""), &[("LU119", "\"services\""); 2]);
    check(&rule("default = \"gives\""), &[("LU119", "\"gives\"")]);
    check("{ is = \"action\", constant = \"giv\" }", &[("LU119", "\"giv\"")]);
    check(&rule("default = \"give\""), &[]);
    check(&rule("codes = \"actions\""), &[("LU136", "\"actions\"")]);
    check(
        &rule("codes = \"actions\", one_way = \"out\", default = \"anna\""),
        &[("LU136", "\"actions\"")],
    );
    check(&rule("codes = \"actions\", one_way = \"in\""), &[]);
    let (_, found) = compiled(&format!(
        "record = \"sample\"\nformat = \"json\"\none_way = \"out\"\nfields = [ {}, {} ]",
        rule("codes = \"acts\""),
        "{ at = \"B\", is = \"action\", codes = \"actions\" }",
    ));
    assert_eq!(found[0].mend, "write `give` in codes/acts.csv");
    assert!(found[1].what.ends_with("has no row for `prohibit` of `action`"), "{found:#?}");
}

#[test]
fn directions() {
    check("{ at = \"A\", is = \"service\", codes = \"lossy\" }", &[("LU108", "\"lossy\"")]);
    check("{ at = \"A\", is = \"service\", codes = \"lossy\", one_way = \"in\" }", &[]);
    check("{ at = \"A\", is = \"$now\", one_way = \"in\" }", &[("LU108", "\"$now\"")]);
    check(
        "{ at = \"A\", is = \"need\", with = \"day\", one_way = \"in\" }",
        &[("LU108", "\"day\"")],
    );
    let condition = "when = { at = \"K\", value = \"k\" }";
    check(&format!("{{ at = \"A\", is = \"need\", {condition} }}"), &[("LU108", "\"K\"")]);
    let second = "{ at = \"A[1]\", is = \"need\" }";
    check(&format!("{{ at = \"A[0]\", is = \"day\" }}, {second}"), &[("LU108", second)]);
    check(&format!("{{ at = \"A[0]\", constant = \"x\" }}, {second}"), &[]);
}

#[test]
fn expressions() {
    let rule = |more: &str| format!("{{ at = \"A\", is = \"need\", {more} }}");
    check(&rule("one_way = \"in\", expr = \"value.trim()\""), &[]);
    check(&rule("expr = { in = \"value.trim()\", out = \"value\" }"), &[]);
    check(&rule("expr = \"value.trim()\""), &[("LU108", "\"value.trim()\"")]);
    check(&rule("expr = { in = \"value.trim()\" }"), &[("LU108", "\"value.trim()\"")]);
    check(&rule("one_way = \"in\", expr = { out = \"value\" }"), &[("LU108", "\"value\"")]);
    check(
        &rule("expr = { inn = \"value\" }"),
        &[("LU101", "{ inn = \"value\" }"), ("LU101", "inn")],
    );
    check(&rule("when = \"true\""), &[("LU108", "\"true\"")]);
    check(&rule("one_way = \"in\", inputs = { a = \"B\" }"), &[("LU108", "a")]);
    check(
        "{ at = \"A\", constant = \"x\", one_way = \"in\", when = \"true\" }",
        &[("LU108", "\"true\"")],
    );
    check("{ at = \"A\", constant = \"x\", expr = \"value\" }", &[("LU108", "\"value\"")]);
    check("{ at = \"A\", expr = \"1\", one_way = \"in\" }", &[("LU108", "\"1\"")]);
    let inputs = |inputs: &str, expr: &str| {
        rule(&format!("one_way = \"in\", inputs = {{ {inputs} }}, expr = {expr}"))
    };
    check(&inputs("b = \"B\"", "\"value + b\""), &[]);
    check(&inputs("b = \"B//C\"", "\"value + b\""), &[("LU105", "\"B//C\"")]);
    check(&inputs("b = \"B\"", "\"value\""), &[("LU114", "b")]);
    check(&inputs("value = \"B\"", "\"value\""), &[("LU114", "value")]);
    check(
        "{ at = \"A\", one_way = \"out\", inputs = { b = \"ned\" }, expr = \"b\" }",
        &[("LU103", "\"ned\"")],
    );
    check(
        "{ at = \"A\", one_way = \"out\", inputs = { b = \"goals[]\" }, expr = \"b\" }",
        &[("LU113", "\"goals[]\"")],
    );
}

/// A wrong expression is told at the line and column within the file.
#[test]
fn an_expression_is_wrong_where_it_is() {
    let check = |expr: &str, place: &str, why: &str| {
        let text = format!(
            "record=\"sample\"\nformat=\"json\"\none_way=\"out\"\nfields=[{{at=\"A\",is=\"need\",expr={expr}}}]"
        );
        let (_, found) = compiled(&text);
        let at = found[0].span.clone().unwrap().start;
        let got = (found.len(), found[0].code, text[at..].starts_with(place));
        assert!(got == (1, "LU114", true) && found[0].why.contains(why), "{found:#?}");
    };
    check("\"ä + valu\"", "ä + ", "");
    check("'\"ä\" + valu'", "valu", "write `value`");
    check("\"\"\"\n\"ä\" +\n  valu\"\"\"", "valu", "write `value`");
    check("'value.trimm()'", "trimm", "write `trim`");
    check("'eval(value)'", "eval", "no function");
    check("\"value + \\\"\\\" + valu\"", "\"value + ", "write `value`");
}

#[test]
fn between_rules() {
    let again = "{ at = \"B\", is = \"need\" }";
    check(&format!("{{ at = \"A\", is = \"need\" }}, {again}"), &[("LU106", again)]);
    check("{ at = \"A\", is = \"need\" }, { at = \"B\", is = \"need\", one_way = \"out\" }", &[]);
    let again = "{ at = \"A\", is = \"day\" }";
    check(&format!("{{ at = \"A\", is = \"need\" }}, {again}"), &[("LU106", again)]);
    check(
        &format!("{{ is = \"need\", constant = \"x\" }}, {}", "{ at = \"A\", is = \"day\" }"),
        &[],
    );
    let inner = "{ at = \"a/b\", is = \"day\" }";
    let clash = format!("fields = [ {{ at = \"a\", is = \"need\" }}, {inner} ]");
    check_json(&clash, &[("LU106", inner)]);
    let plain = "{ at = \"a/b\", is = \"day\" }";
    let clash = format!("fields = [ {{ at = \"a[0]/c\", is = \"need\" }}, {plain} ]");
    check_json(&clash, &[("LU105", plain)]);
}

#[test]
fn groups() {
    let each = |is: &str, inner: &str| {
        format!("[[each]]\nat = \"g\"\nis = \"{is}\"\nfields = [ {inner} ]\n")
    };
    let text = "{ at = \"t\", is = \"text\" }";
    check_json(&each("goals[]", text), &[]);
    check_json(&each("need", ""), &[("LU113", "\"need\"")]);
    check_json(&each("goal[]", ""), &[("LU103", "\"goal[]\"")]);
    check_json(&each("goals[]", "{ at = \"t\", is = \"txet\" }"), &[("LU103", "\"txet\"")]);
    check_json(&each("goals[]", "{ each = \"steps[]\" }"), &[("LU113", "\"steps[]\"")]);
    let once = each("goals[]", text);
    let elsewhere = once.replace("\"g\"", "\"h\"");
    check_json(&format!("{once}{once}"), &[("LU113", "\"goals[]\"")]);
    check_json(&format!("{once}{elsewhere}"), &[]);
    let hetu = "{ at = \"h\", is = \"client.hetu\" }";
    let top = "record = \"sample\"\nformat = \"json\"\none_way = \"in\"\n";
    let (_, found) = compiled(&format!("{top}fields = [ {hetu} ]\n{once}{elsewhere}"));
    assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), ["LU113"]);
    check_json("fields = [ { at = \"r\", is = \"$row\" } ]", &[("LU112", "\"$row\"")]);
    let wrong = "fields = [ { each = \"gaols[]\" } ]\n";
    check_json(&format!("{wrong}{}", each("goals[]", text)), &[("LU113", "\"gaols[]\"")]);
}

#[test]
fn everything_at_once_and_slips_are_named() {
    let (_, found) = compiled(
        "record=\"sample\"\nformat=\"xml\"\nroot=\"R\"\nfields=[{at=\"A\",is=\"ned\"},{at=\"B/\",is=\"day\"}]\nignored=[{at=\"C\"}]\nx=1",
    );
    let codes: Vec<_> = found.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["LU110", "LU103", "LU105", "LU109", "LU101"]);
    assert_eq!(found[1].mend, "write `need`");
}

//! Mappings held against their examples and XML schemas: what is left out, and where.

mod support;

use luotsi_model::diagnostic::line_column;
use luotsi_region::{Tree, coverage, load};
use support::{ADAPTERS, changed};

const XSD: &str = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>
<xs:element name='R'><xs:complexType><xs:sequence>
<xs:element name='Tunnus'/>
<xs:element name='Uusi'/>
</xs:sequence></xs:complexType></xs:element></xs:schema>";

const MAPPING: &str = "record = \"answer\"
format = \"xml\"
root = \"R\"
schema = \"../../r.xsd\"
fields = [
  { at = \"Tunnus\", is = \"task\" },
]
";
const CASE: &str = "mapping = \"answer\"\n";
const INPUT: &str = "<R><Tunnus>1</Tunnus>\n<Uusi koodi='a'>b</Uusi></R>";

/// A good region with a pack of its own: findings as code, file, line, column and what.
fn check(files: &[(&str, &str)], want: &[&str]) {
    let own = [
        ("r.xsd", XSD),
        ("mappings/xml/answer.toml", MAPPING),
        ("mappings/xml/cases/one/case.toml", CASE),
        ("mappings/xml/cases/one/input.xml", INPUT),
    ];
    let tree = changed(|_, text| Some(text.into()));
    let tree =
        own.iter().chain(files).fold(tree, |tree: Tree, (path, text)| tree.with(path, *text));
    let loaded = load(&tree, ADAPTERS);
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    let found = coverage::check(&tree, &loaded);
    let shown = found.findings.iter().map(|d| {
        let text = found.sources.get(&d.file).or(loaded.sources.get(&d.file));
        let start = d.span.as_ref().map_or(0, |span| span.start);
        let (line, column) = line_column(text.map_or("", String::as_str), start);
        assert!(!d.why.is_empty() && !d.mend.is_empty(), "{d:?}");
        format!("{} {}:{line}:{column} {}", d.code, d.file, d.what)
    });
    assert_eq!(shown.collect::<Vec<_>>(), want);
}

const SCHEMA_GAP: &str = "LU116 r.xsd:4:1 `Uusi` is neither mapped nor ignored";
const SAMPLE_GAPS: [&str; 2] = [
    "LU115 mappings/xml/cases/one/input.xml:2:1 `R/Uusi` is neither mapped nor ignored",
    "LU115 mappings/xml/cases/one/input.xml:2:7 `R/Uusi/@koodi` is neither mapped nor ignored",
];

#[test]
fn what_examples_and_schemas_have_and_no_rule_names() {
    check(&[], &[SCHEMA_GAP, SAMPLE_GAPS[0], SAMPLE_GAPS[1]]);
    let case = "mapping = \"answer\"\nunmapped = [\"R/Uusi\", \"R/Uusi/@koodi\"]\n";
    check(&[("mappings/xml/cases/one/case.toml", case)], &[SCHEMA_GAP]);
    let ignored = format!("{MAPPING}ignored = [ {{ at = \"Uusi\", why = \"new\" }} ]\n");
    check(&[("mappings/xml/answer.toml", &ignored)], &[]);
    let other = "mapping = \"anwser\"\n";
    check(&[("mappings/xml/cases/one/case.toml", other)], &[SCHEMA_GAP]);
    check(&[("mappings/xml/cases/one/input.xml", "<R>")], &[SCHEMA_GAP]);
    let out = MAPPING.replace("root", "one_way = \"out\"\nroot");
    check(&[("mappings/xml/answer.toml", &out)], &[]);
}

#[test]
fn a_path_that_the_schema_does_not_declare() {
    let wrong = MAPPING.replace("\"Tunnus\"", "\"Tunus\"");
    let wrong = format!("{wrong}ignored = [ {{ at = \"Uusi\", why = \"new\" }} ]\n");
    let unknown = "LU118 mappings/xml/answer.toml:6:3 the schema declares no `Tunus`";
    let gap = "LU116 r.xsd:3:1 `Tunnus` is neither mapped nor ignored";
    check(&[("mappings/xml/answer.toml", &wrong)], &[gap, unknown]);
}

#[test]
fn a_schema_that_says_nothing() {
    let nothing = "LU117 mappings/xml/answer.toml:4:10 the schema says nothing here";
    for xsd in ["<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'/>", "<R/>", "<"] {
        check(&[("r.xsd", xsd)], &[nothing, SAMPLE_GAPS[0], SAMPLE_GAPS[1]]);
    }
    let elsewhere = MAPPING.replace("r.xsd", "s.xsd");
    check(&[("mappings/xml/answer.toml", &elsewhere)], &[nothing, SAMPLE_GAPS[0], SAMPLE_GAPS[1]]);
}

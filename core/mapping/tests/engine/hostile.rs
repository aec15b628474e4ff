//! Documents that nobody honest sends, and those that only look so.

use luotsi_mapping::{Columns, Csv, Encoding, Format, Limits, read};
use proptest::prelude::*;

const CSV: Csv = Csv { delimiter: ';', columns: Columns::Named, encoding: Encoding::Utf8 };
const LATIN1: Csv = Csv { delimiter: ',', columns: Columns::Numbered, encoding: Encoding::Latin1 };

fn limits() -> Limits {
    Limits { depth_max: 4, ..Limits::default() }
}

fn check(format: Format, bytes: &[u8], want: Result<usize, (&str, usize, usize)>) {
    let got = read(format, bytes, &limits());
    let got = got.as_ref().map(|document| document.leaves());
    let got = got.map_err(|fault| (fault.code, fault.line, fault.column));
    assert_eq!(got, want, "{}", String::from_utf8_lossy(&bytes[..bytes.len().min(80)]));
}

#[test]
fn xml() {
    let check = |text: &str, want| check(Format::Xml, text.as_bytes(), want);
    check("\u{feff}<a b='1'>x<c/><!-- <d> --><?p <e>?></a>", Ok(3));
    check("<?xml version='1.0' encoding='utf-8'?><a xmlns='u'/>", Ok(1));
    check("<a>\n<b></a>", Err(("not-well-formed", 2, 4)));
    check("<a>&lol;</a>", Err(("not-well-formed", 1, 4)));
    check("<a b='1' b='2'/>", Err(("not-well-formed", 1, 10)));
    check("<a/><b/>", Err(("not-well-formed", 1, 5)));
    check("<p:a/>", Err(("not-well-formed", 1, 2)));
    check("<a>\u{1}</a>", Err(("not-well-formed", 1, 4)));
    check("<a b='<'/>", Err(("not-well-formed", 1, 7)));
    check("<a b='c", Err(("not-well-formed", 1, 1)));
    check("", Err(("not-well-formed", 1, 1)));
    check("<!DOCTYPE a><a/>", Err(("dtd-refused", 1, 1)));
    check(" <!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", Err(("dtd-refused", 1, 2)));
    check("<?xml version='1.0' encoding='latin1'?><a/>", Err(("wrong-encoding", 1, 1)));
    check("<?xml version='1.1'?><a/>", Err(("not-well-formed", 1, 1)));
    check("<?xml version='1.0' standalone='YES'?><a/>", Err(("not-well-formed", 1, 1)));
    check("\u{feff}<?xml version='1.0'?><a c='&#xE4;'>&#9;<?xml-b?><!--&#0;--></a>", Ok(1));
    check("<a>\n<?xMl?></a>", Err(("not-well-formed", 2, 1)));
    check("<a><?b:c?></a>", Err(("not-well-formed", 1, 4)));
    check("<a>&#xd83d;&#xde00;</a>", Err(("not-well-formed", 1, 4)));
    check("<a b='&#xfffe;'/>", Err(("not-well-formed", 1, 7)));
    check("<a>&#x+20;</a>", Err(("not-well-formed", 1, 4)));
    check("<:a/>", Err(("not-well-formed", 1, 1)));
    check("<a xmlns:b = ''/>", Err(("not-well-formed", 1, 4)));
    check("<a xmlns:xmlns='u'/>", Err(("not-well-formed", 1, 4)));
    check("<a><a><a><a/></a></a></a>", Ok(1));
    check("<a><a><a>\n<a><a/></a></a></a></a>", Err(("too-deep", 2, 4)));
}

#[test]
fn json() {
    let check = |text: &str, want| check(Format::Json, text.as_bytes(), want);
    check("{\"a\":[1,true,null,\"\\ud83d\\ude00\"],\"b\":{}}", Ok(5));
    check("{\"a\":1,\n\"a\":2}", Err(("duplicate-key", 2, 1)));
    check("{\"a\":1,\"\\u0061\":2}", Err(("duplicate-key", 1, 8)));
    check("[1]x", Err(("not-well-formed", 1, 4)));
    check("[1,]", Err(("not-well-formed", 1, 4)));
    check("[01]", Err(("not-well-formed", 1, 2)));
    check("{\"a\" 1}", Err(("not-well-formed", 1, 6)));
    check("{a:1}", Err(("not-well-formed", 1, 2)));
    check("[\"\\ud83d\"]", Err(("not-well-formed", 1, 9)));
    check("[\"\\u0000\"]", Err(("not-well-formed", 1, 9)));
    check("[\"\n\"]", Err(("not-well-formed", 1, 3)));
    check("[NaN]", Err(("not-well-formed", 1, 2)));
    check("", Err(("not-well-formed", 1, 1)));
    check("[[[[1]]]]", Ok(1));
    check("[[[[\n[1]]]]]", Err(("too-deep", 2, 1)));
    let many: String = (0..99).map(|at| format!("\"k{at}\":1,")).collect();
    check(&format!("{{{many}\"z\":1}}"), Ok(100));
    check(&format!("{{{many}\n\"k7\":1}}"), Err(("duplicate-key", 2, 1)));
}

#[test]
fn csv() {
    let check = |text: &str, want| check(Format::Csv(CSV), text.as_bytes(), want);
    check("\u{feff}a;b\r\n1;\"2;\"\"\n3\"\r\n\r\n;\r\n 4 ;", Ok(3));
    check("a;b;\n1;2;\n1;;3\n", Ok(4));
    check("", Ok(1));
    check("a;b\n", Ok(1));
    check("a;b\n1\n", Err(("not-well-formed", 2, 1)));
    check("a;b\n1;2;3\n", Err(("not-well-formed", 2, 1)));
    check("a;b\n1;x\"y\"\n", Err(("not-well-formed", 2, 4)));
    check("a;b\n1; \"y\"\n", Err(("not-well-formed", 2, 4)));
    check("a;b\n1;\"y\"z\n", Err(("not-well-formed", 2, 6)));
    check("a;b\n1;\"y\n2;3\n", Err(("not-well-formed", 2, 3)));
    check("a;b\nä\u{0};2\n", Err(("not-well-formed", 2, 2)));
    check("a;\"a\"\n1;2\n", Err(("duplicate-key", 1, 3)));
    check("a,b\n1,2\n", Ok(1));
    check(&";".repeat(2_000), Err(("too-large", 1, 1025)));
}

#[test]
fn hl7() {
    let check = |text: &str, want| check(Format::Hl7, text.as_bytes(), want);
    let head = "MSH|^~\\&|||||||REF^I12|||||||||UNICODE UTF-8\r";
    let rest = |text: &str| format!("{head}{text}");
    check(head, Ok(2));
    check("MSH|^~\\&", Ok(1));
    check("MSH$*!?:$a*b$\n\nPID$1!2*3:4$?F?\r\n", Ok(7));
    check(&rest("PID||a~b^c&d^^|\"\"|\rZ01"), Ok(8));
    check("", Err(("not-well-formed", 1, 1)));
    check("\u{b}MSH|^~\\&\r", Err(("not-well-formed", 1, 1)));
    check("FHS|^~\\&\r", Err(("not-well-formed", 1, 1)));
    check("MSH", Err(("not-well-formed", 1, 4)));
    check("MSH|^~\\|", Err(("not-well-formed", 1, 5)));
    check("MSH|^^\\&|", Err(("not-well-formed", 1, 4)));
    check("MSHa^~\\&a", Err(("not-well-formed", 1, 4)));
    check(&rest("pid|a"), Err(("not-well-formed", 2, 1)));
    check(&rest("PID|a\rtext that goes on"), Err(("not-well-formed", 3, 1)));
    check(&rest("PID|ä|x\\Z1\\"), Err(("not-well-formed", 2, 8)));
    check(&rest("PID|\\E"), Err(("not-well-formed", 2, 5)));
    check(&rest("PID|\\X4\\"), Err(("not-well-formed", 2, 5)));
    check(&rest("PID|\\X00\\"), Err(("not-well-formed", 2, 5)));
    check(&rest("PID|\\XC3\\"), Err(("not-well-formed", 2, 5)));
    check(&rest("PID|\\Xä\\"), Err(("not-well-formed", 2, 5)));
    check(&rest("PID|a\u{0}"), Err(("not-well-formed", 2, 6)));
    check(&rest("PID|a\rMSH|^~\\&"), Err(("many-records", 3, 1)));
    let other = "MSH|^~\\&||||||||||||||||UNICODE UTF-16\r";
    check(other, Err(("wrong-encoding", 1, 25)));
    check("MSH|^~\\&\rPID|ä\r", Err(("wrong-encoding", 2, 5)));
}

#[test]
fn bytes() {
    let latin = |rest: &[u8]| [b"MSH|^~\\&||||||||||||||||8859/1\r", rest].concat();
    check(Format::Hl7, &latin(b"PID|\xe4\\Xe4\\"), Ok(2));
    check(Format::Hl7, &latin(b"PID|\x80"), Err(("wrong-encoding", 2, 5)));
    let utf8 = [b"MSH|^~\\&||||||||||||||||UNICODE UTF-8\r", &b"PID|\xe4"[..]].concat();
    check(Format::Hl7, &utf8, Err(("wrong-encoding", 2, 5)));
    check(Format::Csv(CSV), b"a\n\xe4\n", Err(("wrong-encoding", 2, 1)));
    check(Format::Csv(LATIN1), b"\xe4,\"\xff\"\n", Ok(2));
    check(Format::Csv(LATIN1), b"\xe4,b\n\xe4\x80", Err(("wrong-encoding", 2, 2)));
    check(Format::Json, b"[\"\xff\"]", Err(("wrong-encoding", 1, 3)));
    check(Format::Xml, b"\xff\xfe<\0a\0/\0>\0", Err(("wrong-encoding", 1, 1)));
    let wide = vec![b' '; (1 << 20) + 1];
    check(Format::Json, &wide, Err(("too-large", 1, 1)));
}

/// Each would cost minutes, memory or the stack where work grows faster than the document.
#[test]
fn size_is_no_weapon() {
    let codes = [
        (Format::Xml, "<a>".repeat(300_000), "too-deep"),
        (Format::Json, "[".repeat(1_000_000), "too-deep"),
        (Format::Xml, format!("<a{}", " xmlns:".repeat(140_000)), "not-well-formed"),
        (Format::Xml, "<?a".repeat(300_000), "not-well-formed"),
        (Format::Xml, format!("<a>{}</a>", "&#9".repeat(300_000)), "not-well-formed"),
        (Format::Xml, format!("<a>{}</a>", "<b/>".repeat(250_000)), "too-large"),
        (Format::Json, format!("[{}0]", "0,".repeat(500_000)), "too-large"),
        (Format::Csv(CSV), format!("a;b\n{}", "1;2\n".repeat(200_000)), "too-large"),
        (Format::Hl7, format!("MSH|^~\\&\r{}", "PID|1|2\r".repeat(60_000)), "too-large"),
        (
            Format::Hl7,
            format!("MSH|^~\\&\rPID|{}", "\\E\\".repeat(300_000) + "\\"),
            "not-well-formed",
        ),
        (Format::Csv(CSV), "\"".repeat(1_000_001), "not-well-formed"),
        (Format::Xml, format!("<a {}/>", many(100_000, |at| format!("a{at}='' "))), "too-large"),
        (
            Format::Xml,
            format!("<a>{}</a>", many(30_000, |at| format!("<b xmlns='u{at}'/>"))),
            "too-large",
        ),
    ];
    for (format, text, code) in codes {
        let fault = read(format, text.as_bytes(), &limits()).map(|_| ()).unwrap_err();
        assert_eq!(fault.code, code);
    }
}

fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

/// Strings that are often JSON, or nearly.
fn nearly_json() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"b\"",
        "1",
        "-0.5e3",
        "01",
        "1.",
        "true",
        "null",
        " ",
        "\"\\n\"",
        "\"\\u00e4\"",
        "\"\\ud800\"",
        "ä",
        "\\",
        "\"",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Strings that are often CSV, or nearly.
fn nearly_csv() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        ";",
        ";",
        "\n",
        "\r\n",
        "\"",
        "\"\"",
        "a",
        "b c",
        "ä",
        "\"x;\n\"",
        "\"\"\"y\"",
    ]);
    prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

/// The rows with something in them, by another reader; nothing where that one sees another table.
fn other_rows(text: &str) -> Option<Vec<Vec<String>>> {
    let mut builder = csv::ReaderBuilder::new();
    let builder = builder.delimiter(b';').has_headers(false).flexible(true);
    let mut other = builder.from_reader(text.as_bytes());
    let rows = other.records().map(|row| Some(row.ok()?.iter().map(str::to_owned).collect()));
    let rows: Vec<Vec<String>> = rows.collect::<Option<_>>()?;
    Some(rows.into_iter().filter(|row| row.iter().any(|cell| !cell.is_empty())).collect())
}

/// JSON documents, compact.
fn json_tree() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[^\u{0}]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map("[^\u{0}]{0,4}", inner, 0..5)
                .prop_map(|members| Value::from(serde_json::Map::from_iter(members))),
        ]
    })
}

/// Leaves counted without the reader.
fn leaves(json: &serde_json::Value) -> usize {
    match json {
        serde_json::Value::Array(items) if !items.is_empty() => items.iter().map(leaves).sum(),
        serde_json::Value::Object(map) if !map.is_empty() => map.values().map(leaves).sum(),
        _ => 1,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    /// The reader takes what serde_json takes, but for what it refuses on purpose. Of a number that
    /// is no `f64` serde_json says no more; the reader keeps it as written.
    #[test]
    fn json_is_what_another_reader_says(text in nearly_json()) {
        let other = serde_json::from_str::<serde_json::Value>(&text);
        let is_told = !matches!(&other, Err(e) if e.to_string().starts_with("number out of range"));
        prop_assume!(is_told);
        let other = other.is_ok();
        match read(Format::Json, text.as_bytes(), &Limits::default()) {
            Ok(_) => prop_assert!(other),
            Err(fault) => prop_assert!(!other || fault.code == "duplicate-key", "{fault}"),
        }
    }

    /// Whatever is taken for a table has the rows and cells that another reader finds in it, which
    /// takes much that is refused here.
    #[test]
    fn csv_is_what_another_reader_says(text in nearly_csv()) {
        let csv = Csv { columns: Columns::Numbered, ..CSV };
        let Ok(document) = read(Format::Csv(csv), text.as_bytes(), &Limits::default()) else {
            return Ok(());
        };
        let rows = document.records();
        let other = other_rows(&text).unwrap();
        prop_assert_eq!(rows.len(), other.len(), "{:?}", other);
        for (row, other) in rows.iter().zip(&other) {
            prop_assert_eq!(row.leaves(), other.iter().filter(|cell| !cell.is_empty()).count());
        }
    }

    #[test]
    fn json_has_the_leaves_it_has(tree in json_tree()) {
        let text = tree.to_string();
        let document = read(Format::Json, text.as_bytes(), &Limits::default()).unwrap();
        prop_assert_eq!(document.leaves(), leaves(&tree));
    }

    /// Whatever is cut out of or put into a document, it is read or refused, never a panic.
    #[test]
    fn mutations_are_survived(at in 0..80_usize, cut in 0..9_usize, put in "[<>&\"'a =/!?|^~X0\r\\\\\\[\\]-]{0,4}") {
        for format in [Format::Xml, Format::Json, Format::Csv(CSV), Format::Csv(LATIN1), Format::Hl7] {
            let text = match format {
                Format::Xlsx(_) => "",
                Format::Hl7 => "MSH|^~\\&|a||||||REF^I12|||||||||8859/1\rPID|\\X41\\~b^c&d|\"\"\r\nOBX|\\.br\\\\T\\|e\n",
                Format::Csv(_) => "\u{feff}a;b,c;\"d\"\r\n1;\"2\"\"\n\";'=3\n;;\r\n4,5;6;ä\n",
                Format::Xml => "<?xml version='1.0'?><a b='c'><![CDATA[d]]><!--e-->&lt;&#65;<f:g xmlns:f='h'/></a>",
                Format::Json => r#"{"a":[1,-2.5e+3,"b\n\u00e4\ud83d\ude00",true,{"c":null,"d":{}}],"e":"f"}"#,
            };
            let (before, after) = text.as_bytes().split_at(at.min(text.len()));
            let text = [before, put.as_bytes(), &after[cut.min(after.len())..]].concat();
            if let Err(fault) = read(format, &text, &Limits::default()) {
                prop_assert!(fault.line > 0 && fault.column > 0);
            }
        }
    }
}

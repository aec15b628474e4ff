use super::*;

const NAMES: &[&str] = &["value", "given", "urgent"];

fn check(text: &str, want: Result<Option<&str>, &str>) {
    let expression = Expression::compile(text, NAMES).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    let got =
        expression.text(&[Given::Text("Aino Maria Mänty"), Given::Nothing, Given::Boolean(true)]);
    let got = got.as_ref().map(|outcome| outcome.as_ref().map(|outcome| &*outcome.text));
    assert_eq!(got, want.as_ref().map(|text| *text), "{text}");
}

#[test]
fn values() {
    check("value.part(\" \", 0)", Ok(Some("Aino")));
    check("part(value, \" \", 7)", Ok(None));
    check("value.split(\" \")[-1]", Ok(Some("Mänty")));
    check("join([given, value.left(4), value.right(5)], \", \")", Ok(Some("Aino, Mänty")));
    check("given ?? value.upper().replace(\" \", \"\")", Ok(Some("AINOMARIAMÄNTY")));
    check("if urgent { 1 } else { 2 }", Ok(Some("1")));
    check("if given == () && value.contains(\"Maria\") { \"a\" }", Ok(Some("a")));
    check("`${value.lower()}!`", Ok(Some("aino maria mänty!")));
    check("\" 0401 x\".digits().number() + value.trim().len()", Ok(Some("417")));
    check("value == \"\"", Ok(Some("false")));
    check("\"\"", Ok(None));
    check("given", Ok(None));
}

#[test]
fn what_has_no_result_says_why_and_shows_no_value() {
    check(
        "given.trim()",
        Err("an operation met a value of another type, or () where there is nothing: try `??`"),
    );
    check(
        "value + 1",
        Err("an operation met a value of another type, or () where there is nothing: try `??`"),
    );
    check("1 / 0", Err("a number is too large, or is divided by zero"));
    check("value.split(\" \")[9]", Err("an index is past the end: try `part`"));
    check("[value]", Err("it gives a list, and a place holds one text"));
    let big = format!("value{}", ".replace(\"\", value)".repeat(9));
    check(&big, Err("it takes more than an expression may"));
    let expression = Expression::compile("value", NAMES).unwrap();
    assert!(expression.holds(&[Given::Text("x"), Given::Nothing, Given::Nothing]).is_err());
    assert_eq!(expression.holds(&[Given::Nothing; 3]), Ok(false));
}

/// Refused at compiling: the byte where it stands, and a part of why.
fn check_wrong(text: &str, at: Option<usize>, why: &str) {
    let wrong = Expression::compile(text, NAMES).unwrap_err();
    assert!(wrong.at == at && wrong.why.contains(why), "{text}: {wrong:?}");
}

#[test]
fn what_is_wrong_has_its_place() {
    check_wrong("valu + \"x\"", Some(0), "write `value`");
    check_wrong("\"ä\" + other", Some(7), "declare it among `inputs`");
    check_wrong("value +\n trimm(value)", Some(9), "write `trim`");
    check_wrong("value.part(\" \")", Some(6), "takes 3 values");
    check_wrong("value.len", Some(6), "functions are called with ()");
    check_wrong("#{a: 1}", Some(0), "no maps");
    check_wrong("value +", Some(7), "too early");
    check_wrong("1.5", Some(2), "");
    let long = format!("\"{}\"", "x".repeat(1000));
    check_wrong(&long, None, "at most 1000 bytes");
    for statement in [
        "let x = 1",
        "value = \"x\"",
        "value; value",
        "while true {}",
        "loop {}",
        "this",
        "|x| x",
        "fn f() {}",
        "throw value",
        "import \"x\" as y",
        "{ 1 }",
    ] {
        assert!(Expression::compile(statement, NAMES).is_err(), "{statement}");
    }
    for call in [
        "eval(\"1\")",
        "print(value)",
        "debug(value)",
        "timestamp()",
        "type_of(value)",
        "Fn(\"trim\")",
        "call(1)",
        "is_def_var(\"x\")",
        "sleep(1)",
    ] {
        assert!(Expression::compile(call, NAMES).is_err(), "{call}");
    }
}

/// Deep ones are refused, not followed: on a stack of a quarter of a thread's usual.
#[test]
fn depth_takes_no_stack() {
    let deep = |piece: &str, end: &str| piece.repeat(BYTES_MAX / piece.len() - 1) + end;
    let texts = [
        deep("(", "1"),
        deep("[", "1"),
        deep("!", "true"),
        deep("- ", "1"),
        deep("1+", "1"),
        deep("1**", "1"),
        deep("`${", "1"),
        deep("trim(", "1"),
        deep("value.", "trim()"),
        deep("value[", "0"),
        deep("value??", "1"),
        deep("if value {", "1"),
        deep("if true {1} else ", "{1}"),
        deep("switch 1 {1=>", "1"),
        deep("value&&", "true"),
        deep("value?.", "trim()"),
        deep("{", "1"),
        deep("|x|", "1"),
    ];
    let run = move || {
        for text in texts {
            assert!(Expression::compile(&text, NAMES).is_err(), "{}", &text[..12]);
        }
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(run).unwrap().join().unwrap();
}

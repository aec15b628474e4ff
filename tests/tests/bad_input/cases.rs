//! What is sent, and how it must be refused.

use luotsi_tests::{
    documents::{self, Referral, Scope},
    hub::token,
    people::{AINO, AINO_MISSPELT},
};

/// What a sender may have put anywhere; it must turn up nowhere.
pub(super) const SECRET: &str = "Salaisuus";

/// A task that nobody has.
const TASK: &str = "0192f3c4-5a00-7000-8000-000000000001";

/// One document that must be refused.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) system: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    pub(super) status: u16,
    /// Of the first fault, or of the problem where there is none.
    pub(super) code: &'static str,
    /// The text at whose start the fault stands.
    at: Option<&'static str>,
}

impl Case {
    /// Line and column of the fault, in characters from 1.
    pub(super) fn place(&self) -> Option<(u64, u64)> {
        let text = String::from_utf8_lossy(&self.body);
        let at = text.find(self.at?).unwrap_or_else(|| panic!("{}: no such place", self.name));
        let before = &text[..at];
        let line = before.matches('\n').count() as u64 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
        Some((line, column))
    }

    fn at(mut self, text: &'static str) -> Self {
        self.at = Some(text);
        self
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(found, _)| *found != name);
        self.headers.push((name, value.into()));
        self
    }
}

fn case(
    system: &'static str,
    name: &'static str,
    body: impl Into<Vec<u8>>,
    status: u16,
    code: &'static str,
) -> Case {
    let headers = vec![("authorization", format!("Bearer {}", token(system)))];
    Case { name, system, headers, body: body.into(), status, code, at: None }
}

/// A whole referral whose free texts are the secret.
fn referral() -> String {
    let secret = || format!("ä {SECRET}");
    let whole = Referral::to_peer_support("L-1", AINO);
    Referral { need: secret(), health: secret(), note: secret(), ..whole }.xml()
}

/// The referral with one text in place of another.
fn with(from: &str, to: &str) -> String {
    let whole = referral();
    assert!(whole.contains(from), "{from}");
    whole.replace(from, to)
}

pub(super) fn all() -> Vec<Case> {
    [unreadable_xml(), unmappable_xml(), directives(), json(), by_their_headers()]
        .into_iter()
        .flatten()
        .collect()
}

fn unreadable_xml() -> Vec<Case> {
    let xml = |name, body: Vec<u8>, status, code| case("serena", name, body, status, code);
    let text = |name, body: String, code| case("serena", name, body, 400, code);
    let nested = |depth| "<a>".repeat(depth) + SECRET + &"</a>".repeat(depth);
    let large = with("Lisatieto>", &format!("Lisatieto>{}", " ".repeat(1 << 20)));
    let declared = with("version=\"1.0\"", "version=\"1.0\" encoding=\"ISO-8859-1\"");
    let mut latin = referral().into_bytes();
    let umlaut = latin.windows(2).position(|two| two == "ä".as_bytes()).expect("an umlaut");
    latin.splice(umlaut..umlaut + 2, [0xe4]);
    let dtd = format!("<!DOCTYPE Lahete [<!ENTITY x \"{SECRET}\">]>\n<Lahete");
    vec![
        text("empty", String::new(), "not-well-formed"),
        text("no document", SECRET.into(), "not-well-formed").at(SECRET),
        text("an element not closed", with("</Tarve>", ""), "not-well-formed"),
        text("closed twice", with("</Lahete>", "</Lahete></Lahete>"), "not-well-formed"),
        text("cut short", referral()[..400].into(), "not-well-formed"),
        text("text after the end", referral() + SECRET, "not-well-formed"),
        text(
            "an entity of its own",
            with("<Tarve>", &format!("<Tarve>&{SECRET};")),
            "not-well-formed",
        ),
        text(
            "a prefix undeclared",
            with("<Tarve>", &format!("<{SECRET}:Tarve>")),
            "not-well-formed",
        ),
        text(
            "an attribute twice",
            with("tunnus=", &format!("tunnus=\"{SECRET}\" tunnus=")),
            "not-well-formed",
        ),
        text("a control character", with("<Tarve>", "<Tarve>\u{1}"), "not-well-formed"),
        text("a nul character", with("<Tarve>", "<Tarve>\0"), "not-well-formed"),
        text("XML 1.1", with("version=\"1.0\"", "version=\"1.1\""), "not-well-formed"),
        text("a DTD", with("<Lahete", &dtd), "dtd-refused").at("<!DOCTYPE"),
        text("too deep", with("<Tulostus>", &format!("<Tulostus>{}", nested(64))), "too-deep"),
        text("far too deep", nested(100_000), "too-deep"),
        xml("too large", large.into_bytes(), 413, "too-large"),
        xml("far too large", vec![b'<'; 8 << 20], 413, "too-large"),
        text("another encoding declared", declared, "wrong-encoding"),
        xml("another encoding", latin, 400, "wrong-encoding"),
        xml(
            "UTF-16",
            referral().encode_utf16().flat_map(u16::to_le_bytes).collect(),
            400,
            "wrong-encoding",
        ),
    ]
}

fn unmappable_xml() -> Vec<Case> {
    let case = |name, body: String, code| case("serena", name, body, 422, code);
    let code = &format!("<Henkilotunnus>{AINO}</Henkilotunnus>");
    vec![
        case("a wrong check character", with(AINO, AINO_MISSPELT), "wrong-hetu")
            .at("<Henkilotunnus>"),
        case("no code at all", with(AINO, SECRET), "wrong-hetu").at("<Henkilotunnus>"),
        case("no such day", with(AINO, "310294-9021"), "wrong-hetu").at("<Henkilotunnus>"),
        case("no client", with(code, ""), "missing-field").at("<Asiakas>"),
        case("an empty code", with(AINO, " "), "missing-field"),
        case("an unknown service", with("vertaistuki", SECRET), "unknown-code"),
        case("an unknown urgency", with("kiireeton", SECRET), "unknown-code").at("<Kiireellisyys>"),
        case("no need", with(&format!("<Tarve>ä {SECRET}</Tarve>"), ""), "missing-field")
            .at("<Lahete"),
        case("no time", with("14.11.2026 09:30", SECRET), "wrong-type").at("<Lahetetty>"),
        case("no such time", with("14.11.2026 09:30", "31.11.2026 09:30"), "wrong-type")
            .at("<Lahetetty>"),
        case("no phone", with("+99900000101", SECRET), "wrong-type").at("<Puhelin>"),
        case(
            "an unknown element",
            with("<Tarve>", &format!("<Uusi>{SECRET}</Uusi><Tarve>")),
            "unknown-element",
        )
        .at("<Uusi>"),
        case(
            "an unknown attribute",
            with("<Tarve>", &format!("<Tarve uusi=\"{SECRET}\">")),
            "unknown-element",
        )
        .at("uusi="),
        case(
            "an element twice",
            with("<Tarve>", &format!("<Tarve>{SECRET}</Tarve><Tarve>")),
            "unknown-element",
        ),
        case(
            "text between elements",
            with("<Asiakas>", &format!("{SECRET}<Asiakas>")),
            "unknown-element",
        ),
        case("another namespace", with("serena-style:1.0", "serena-style:2.0"), "unknown-document"),
        case("another document", "<Lasku/>".into(), "unknown-document"),
    ]
}

fn directives() -> Vec<Case> {
    let case = |name, body: String, code| case("serena", name, body, 422, code);
    let scope = Scope { categories: &["tarve"], ..Scope::PEER_SUPPORT };
    let whole = documents::consent("S-1", AINO, scope);
    let with = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        whole.replace(from, to)
    };
    let recipient = "<Vastaanottaja tunnus=\"malli-ry\"/>";
    vec![
        case("a consent to an empty list", with(recipient, ""), "unknown-element")
            .at("<Vastaanottajat>"),
        case("a consent to nobody named", with(recipient, "<Vastaanottaja/>"), "missing-field"),
        case("a consent to a stranger", with("malli-ry", SECRET), "unknown-code"),
        case("a consent for another purpose", with("vertaistuki", SECRET), "unknown-code"),
        case(
            "a consent for other data",
            with("\"tarve\"", &format!("\"{SECRET}\"")),
            "unknown-code",
        ),
        case("a consent without a day", with("alkaa=\"01.01.2020\"", ""), "missing-field"),
        case("a consent of nobody", with(AINO, ""), "missing-field"),
        case("a withdrawal of nothing", documents::withdrawal("P-1", AINO, ""), "missing-field"),
        case(
            "a withdrawal of the unknown",
            documents::withdrawal("P-1", AINO, SECRET),
            "unknown-directive",
        ),
    ]
}

fn json() -> Vec<Case> {
    let from = |name, body: String, status, code| case("malli-ry", name, body, status, code);
    let answer = |status: &str| documents::answer(TASK, status, None, Some(SECRET));
    let twice = format!("{{\"task\":\"{TASK}\",\"status\":\"{SECRET}\",\"status\":\"accepted\"}}");
    let escaped =
        format!("{{\"task\":\"{TASK}\",\"status\":\"rejected\",\"st\\u0061tus\":\"accepted\"}}");
    let deep = "[".repeat(65) + &"]".repeat(65);
    vec![
        from("no JSON", SECRET.into(), 400, "not-well-formed").at(SECRET),
        from("a comma too many", answer("accepted").replace('}', ",}"), 400, "not-well-formed"),
        from("a key twice", twice, 400, "duplicate-key").at("\"status\":\"accepted\""),
        from("a key twice, once escaped", escaped, 400, "duplicate-key"),
        from("deep", deep, 400, "too-deep"),
        from("far too deep", "[".repeat(500_000), 400, "too-deep"),
        from(
            "half a character",
            answer("accepted").replace(SECRET, "\\ud800"),
            400,
            "not-well-formed",
        ),
        from("two documents", answer("accepted") + &answer("accepted"), 400, "not-well-formed"),
        from("an unknown status", answer(SECRET), 422, "unknown-code"),
        from(
            "a number for a text",
            answer("accepted").replace(&format!("\"{SECRET}\""), "7"),
            422,
            "wrong-type",
        ),
        from(
            "an unknown member",
            answer("accepted").replace("\"note\"", "\"uusi\""),
            422,
            "unknown-element",
        )
        .at("\"uusi\""),
        from(
            "no task",
            answer("accepted").replace(&format!("\"task\":\"{TASK}\""), "\"reason\":\"x\""),
            422,
            "missing-field",
        ),
        from("no reason", answer("rejected"), 422, "missing-field"),
        from("a task that is none", answer("accepted").replace(TASK, SECRET), 404, "unknown-task"),
        from("an unknown task", answer("accepted"), 404, "unknown-task"),
        case(
            "home-care",
            "another resource",
            format!("{{\"resourceType\":\"{SECRET}\"}}"),
            422,
            "unknown-document",
        ),
    ]
}

fn by_their_headers() -> Vec<Case> {
    let xml = |name, status, code| case("serena", name, referral(), status, code);
    let long = SECRET.repeat(29);
    vec![
        xml("no credentials", 401, "unauthorized").header("authorization", SECRET),
        xml("another media type", 415, "unsupported-media-type")
            .header("content-type", "application/json"),
        xml("another charset", 415, "unsupported-media-type")
            .header("content-type", "application/xml; charset=iso-8859-1"),
        xml("a nonsense media type", 415, "unsupported-media-type").header("content-type", SECRET),
        xml("an endless key", 400, "bad-idempotency-key").header("idempotency-key", long),
        xml("an empty key", 400, "bad-idempotency-key").header("idempotency-key", ""),
    ]
}

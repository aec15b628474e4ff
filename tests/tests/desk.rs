//! `luotsi map --serve`: the page, what it saves, and whom it answers.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use luotsi_tests::{
    http::{Answer, Request},
    paths,
    region::Region,
};

/// A page that is served, until the test ends.
struct Desk {
    child: Child,
    address: SocketAddr,
    /// Between slashes.
    word: String,
    mappings: PathBuf,
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Desk {
    fn open(home: &Path) -> Self {
        Region::copy(home);
        let mappings = home.join("mappings");
        let mut command = Command::new(paths::luotsi());
        command.env_remove("LUOTSI_REGION").args(["map", "--serve", "--with"]);
        command.arg(mappings.join("serena/referral.toml"));
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary runs");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        out.read_line(&mut line).expect("an address");
        let rest = line.trim().strip_prefix("http://").expect("an address");
        let (host, word) = rest.split_once('/').expect("a path");
        let address = host.parse().expect("an address and port");
        Self { child, address, word: format!("/{word}"), mappings }
    }

    fn get(&self, path: &str) -> Answer {
        let path = format!("{}{path}", self.word);
        Request::new("GET", &path).send(self.address).expect("an answer")
    }

    /// Sends the form as its own page does.
    fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let path = format!("{}{path}", self.word);
        let body = encoded(form);
        let request = Request::new("POST", &path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", format!("http://{}", self.address))
            .body(body.as_bytes());
        request.send(self.address).expect("an answer")
    }

    fn rules(&self) -> String {
        fs::read_to_string(self.mappings.join("serena/referral.toml")).expect("a mapping")
    }

    /// The page's own form, with a sample and other changes.
    fn form<'f>(&self, rules: &'f str, changes: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
        let mut form = vec![("mapping", "serena/referral"), ("way", "in"), ("rules", rules)];
        form.extend([("document", SAMPLE), ("to", "serena/referral"), ("part", "true")]);
        form.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        form.extend(changes);
        form
    }
}

const SAMPLE: &str = r#"<Lahete xmlns="urn:luotsi:serena-style:1.0" tunnus="L-&lt;1&gt;">
  <Lahetetty>14.11.2026 09:30</Lahetetty>
  <Asiakas><Henkilotunnus>010594Y9021</Henkilotunnus><Etunimet>Aino</Etunimet>
    <Sukunimi>Mallikas</Sukunimi></Asiakas>
  <Palvelu koodi="vertaistuki"/><Kiireellisyys>kiireeton</Kiireellisyys>
  <Tarve>Kaipaa seuraa.</Tarve><Uusi/>
</Lahete>
"#;

fn encoded(form: &[(&str, &str)]) -> String {
    let pairs = form.iter().map(|(name, text)| {
        text.bytes().fold(format!("{name}="), |mut out, byte| {
            // Writing into a String cannot fail.
            let _ = match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => write!(out, "{}", byte as char),
                other => write!(out, "%{other:02X}"),
            };
            out
        })
    });
    pairs.collect::<Vec<_>>().join("&")
}

#[test]
fn the_page_shows_each_value_with_its_rule_as_it_is_typed() {
    let home = tempfile::tempdir().expect("a folder");
    let desk = Desk::open(home.path());
    let page = desk.get("").expect(200).text();
    for shown in ["<title>serena/referral", "010594Y9021", "Lahete/<wbr>Tarve", "referral-aino"] {
        assert!(page.contains(shown), "{shown}");
    }
    for asset in ["desk.css", "desk.js"] {
        assert!(desk.get(asset).expect(200).text().len() > 1000);
    }
    let rules = desk.rules();
    let line = 1 + rules.lines().position(|line| line.contains("\"Tarve\"")).expect("a rule");
    let views = desk.post("", &desk.form(&rules, &[])).expect(200).text();
    assert!(views.contains("1 unmapped") && !views.contains("<html"), "{views}");
    assert!(
        views.contains("L-&lt;1&gt;") && !views.contains("L-<1>"),
        "values are escaped: {views}"
    );
    let row = views.lines().find(|row| row.contains("Lahete/<wbr>Tarve")).expect("a row");
    assert!(row.contains(&format!("data-rules=\"{line}\" data-fields=\"need\"")), "{row}");

    // What is typed counts at once, and is written nowhere.
    let moved = rules.replace("at = \"Tarve\"", "at = \"Toive\"");
    let views = desk.post("", &desk.form(&moved, &[])).expect(200).text();
    assert!(views.contains("Lahete/Toive") && views.contains("missing-field"), "{views}");
    let broken = rules.replace("is = \"need\"", "is = \"neeed\"");
    let views = desk.post("", &desk.form(&broken, &[])).expect(200).text();
    assert!(views.contains("LU103") && views.contains("write `need`"), "{views}");
    assert!(views.contains(&format!("data-rules=\"{line}\"")), "{views}");
    assert_eq!(desk.rules(), rules);

    let out = [("way", "out"), ("document", "{\"need\":\"Kaipaa\"}")];
    let views = desk.post("", &desk.form(&rules, &out)).expect(200).text();
    assert!(views.contains("missing-field"), "{views}");
}

#[test]
fn a_case_is_saved_that_holds_and_a_mapping_that_nobody_else_changed() {
    let home = tempfile::tempdir().expect("a folder");
    let desk = Desk::open(home.path());
    let rules = desk.rules();
    let named = [("case", "from-the-desk"), ("says", "a \"new\" element is told")];
    let said = desk.post("case", &desk.form(&rules, &named)).expect(200).text();
    assert!(said.contains("said done"), "{said}");
    let folder = desk.mappings.join("serena/cases/from-the-desk");
    let head = fs::read_to_string(folder.join("case.toml")).expect("a case");
    assert!(head.contains("unmapped = [\"Lahete/Uusi\"]"), "{head}");
    let mut command = Command::new(paths::luotsi());
    let output = command.arg("test").arg(&folder).output().expect("the binary runs");
    let told = String::from_utf8_lossy(&output.stdout);
    // It is the lone element that keeps it from being written back as it was.
    assert!(output.status.success(), "{told}");

    let refused = |changes: &[(&str, &str)], why: &str| {
        let said = desk.post("case", &desk.form(&rules, changes)).expect(200).text();
        assert!(said.contains("said not") && said.contains(why), "{why}: {said}");
    };
    refused(&named, "a case of that name already");
    refused(&[("case", "../outside")], "small letters");
    refused(&[("case", "")], "small letters");
    assert!(!desk.mappings.join("serena/outside").exists());

    let page = desk.get("").expect(200).text();
    let base = page.split("name=\"base\" value=\"").nth(1).expect("a base");
    let base = base.split('"').next().expect("a base").to_owned();
    let edited = format!("# tried\n{rules}");
    let said = desk.post("save", &desk.form(&edited, &[("base", &base)])).expect(200).text();
    assert!(said.contains("said done") && said.contains("data-base="), "{said}");
    assert_eq!(desk.rules(), edited);
    let said = desk.post("save", &desk.form(&rules, &[("base", &base)])).expect(200).text();
    assert!(said.contains("changed elsewhere"), "{said}");
    assert_eq!(desk.rules(), edited);
    let outside = [("base", &*base), ("mapping", "../config/mallialue/policy")];
    let said = desk.post("save", &desk.form(&rules, &outside)).expect(200).text();
    assert!(said.contains("no such mapping"), "{said}");
}

#[test]
fn nobody_else_gets_an_answer() {
    let home = tempfile::tempdir().expect("a folder");
    let desk = Desk::open(home.path());
    assert!(desk.address.ip().is_loopback());
    let page = desk.get("").expect(200);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    let check = |request: Request<'_>, host: &str| {
        let stream = TcpStream::connect(desk.address).expect("a connection");
        let answer = request.exchange(stream, host).expect("an answer");
        assert_eq!(answer.status, 404, "{request:?} to {host}");
        assert!(!answer.text().contains("Luotsi"), "{}", answer.text());
    };
    let own = desk.address.to_string();
    check(Request::new("GET", "/"), &own);
    check(Request::new("GET", "/0123456789abcdef0123456789abcdef/"), &own);
    // A name that somebody else lets lead here.
    check(Request::new("GET", &desk.word), "evil.example");
    let form = encoded(&desk.form("", &[]));
    let post = |origin: Option<&str>| {
        let request = Request::new("POST", &desk.word).body(form.as_bytes());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        origin.map_or(request.clone(), |origin| request.header("origin", origin))
    };
    check(post(None), &own);
    check(post(Some("http://evil.example")), &own);
    check(post(Some("null")), &own);
    check(Request::new("GET", &desk.word).header("sec-fetch-site", "cross-site"), &own);
    let mut command = Command::new(paths::luotsi());
    command.args(["map", "--serve", "--listen", "0.0.0.0:0", "--with"]);
    command.arg(desk.mappings.join("serena/referral.toml"));
    let output = command.output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not on this machine"));
}

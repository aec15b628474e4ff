//! Every way that a value can take through the hub.

use luotsi_tests::{
    canary::Canaries,
    documents::{self, Referral, Scope},
    http::Request,
    hub::token,
    paths,
    people::AINO,
    standin::Manner,
    wait,
    world::World,
};

/// What the hub answered, and about whom it was.
pub(super) struct Said {
    pub(super) answers: Vec<(String, String)>,
    pub(super) clients: Vec<String>,
}

struct Flows<'a> {
    world: &'a World,
    mint: &'a mut Canaries,
    said: Said,
}

/// Takes all of them.
pub(super) fn all(world: &World, mint: &mut Canaries) -> Said {
    let said = Said { answers: Vec::new(), clients: Vec::new() };
    let mut flows = Flows { world, mint, said };
    flows.deliveries();
    flows.failures();
    flows.refusals_by_the_gate();
    flows.questions_and_answers();
    flows.plans();
    flows.mistakes();
    flows.headers_and_urls();
    flows.a_crash();
    flows.said
}

impl Flows<'_> {
    fn client(&mut self) -> String {
        let hetu = self.mint.hetu("referral.hetu");
        self.said.clients.push(hetu.clone());
        hetu
    }

    /// A referral of canaries.
    fn referral(&mut self, hetu: &str) -> Referral {
        let mut text = |field: &str| self.mint.text(&format!("referral.{field}"));
        let mut referral = Referral::to_peer_support(&text("reference"), hetu);
        for (name, field) in [
            ("given", &mut referral.given),
            ("family", &mut referral.family),
            ("street", &mut referral.street),
            ("city", &mut referral.city),
            ("relative_name", &mut referral.relative_name),
            ("need", &mut referral.need),
            ("function", &mut referral.function),
            ("health", &mut referral.health),
            ("social", &mut referral.social),
            ("goal", &mut referral.goal),
            ("note", &mut referral.note),
            ("author_name", &mut referral.author_name),
            ("author_role", &mut referral.author_role),
            ("author_unit", &mut referral.author_unit),
            ("print", &mut referral.print),
        ] {
            *field = text(name);
        }
        referral.phone = self.mint.phone("referral.phone");
        referral.relative_phone = self.mint.phone("referral.relative_phone");
        referral
    }

    /// Posts, keeps the answer, and gives the message if there is one.
    fn post(&mut self, what: &str, system: &str, document: &str, status: u16) -> String {
        let answer = self.world.post(system, document).expect(status);
        self.said.answers.push((what.to_owned(), answer.whole()));
        if status == 202 {
            return answer.json()["message"].as_str().expect("a message").to_owned();
        }
        String::new()
    }

    fn refer(&mut self, what: &str, hetu: &str) -> String {
        let document = self.referral(hetu).xml();
        self.post(what, "serena", &document, 202)
    }

    fn consent(&mut self, id: &str, hetu: &str) {
        let document = documents::consent(id, hetu, Scope::PEER_SUPPORT);
        self.post("a consent", "serena", &document, 202);
    }

    fn deliveries(&mut self) {
        let hetu = self.client();
        self.consent("S-1", &hetu);
        let message = self.refer("a referral", &hetu);
        for to in ["malli-ry", "home-care", "plan"] {
            self.world.reaches(&message, to, "delivered");
        }
        let text = self.mint.text("assessment.texts");
        let assessment =
            documents::assessment(&self.mint.text("assessment.reference"), &hetu, &text);
        let message = self.post("an assessment", "serena", &assessment, 202);
        self.world.reaches(&message, "plan", "delivered");
        let replay = self.world.api("POST", &format!("/messages/{message}/replay"), "").expect(202);
        self.said.answers.push(("a replay".into(), replay.whole()));
    }

    /// A recipient that fails, and one that refuses; both repeat what they were sent.
    fn failures(&mut self) {
        let hetu = self.client();
        self.consent("S-2", &hetu);
        self.world.malli_ry.be(Manner::Answer(500));
        self.world.home_care.be(Manner::Answer(422));
        let message = self.refer("a referral to failing systems", &hetu);
        self.world.reaches(&message, "home-care", "dead-letter");
        wait::holds("it is retried", || {
            self.world.delivery(&message, "malli-ry")["attempts"].as_u64() > Some(1)
        });
        self.world.malli_ry.be(Manner::Answer(200));
        self.world.home_care.be(Manner::Answer(200));
        self.world.reaches(&message, "malli-ry", "delivered");
    }

    fn refusals_by_the_gate(&mut self) {
        let hetu = self.client();
        let waiting = self.refer("a referral that waits", &hetu);
        self.world.reaches(&waiting, "malli-ry", "waiting");
        let kielto = documents::prohibition("K-1", &hetu, Scope::PEER_SUPPORT);
        self.post("a prohibition", "serena", &kielto, 202);
        self.world.reaches(&waiting, "malli-ry", "refused");
        let peruutus = documents::withdrawal("P-1", &hetu, "K-1");
        self.post("a withdrawal", "serena", &peruutus, 202);
    }

    fn questions_and_answers(&mut self) {
        let (question, reply) =
            (self.mint.text("contact.question"), self.mint.text("contact.reply"));
        let contact =
            documents::contact(&self.mint.text("contact.reference"), "", &question, &reply);
        let message = self.post("an anonymous question", "serena", &contact, 202);
        let delivery = self.world.reaches(&message, "malli-ry", "delivered");
        let task = delivery["delivery"].as_str().expect("an id");
        let note = self.mint.text("answer.note");
        let answer = documents::answer(task, "accepted", None, Some(&note));
        let told = self.post("an answer", "malli-ry", &answer, 202);
        self.world.reaches(&told, "serena", "delivered");
        let reason = self.mint.text("answer.reason");
        let failed = documents::answer(task, "failed", Some(&reason), None);
        let told = self.post("a failure", "malli-ry", &failed, 202);
        self.world.reaches(&told, "serena", "delivered");
        self.post("an illegal step", "malli-ry", &answer, 409);
        let hetu = self.client();
        let known = documents::contact("Y-2", &hetu, &question, &reply);
        self.post("a question that goes nowhere", "serena", &known, 422);
    }

    /// A plan of canaries, written whole, read and searched.
    fn plans(&mut self) {
        let hetu = self.client();
        let mut plan =
            paths::text("mappings/fhir-r4/cases/plan-aino/input.json").replace(AINO, &hetu);
        for text in
            ["Ainon suunnitelma", "Yksinäisyys on päätarve.", "Ryhmä on täynnä.", "Mallikas"]
        {
            plan = plan.replace(text, &self.mint.text("plan.texts"));
        }
        let create = Request::new("POST", "/fhir/R4/CarePlan").bearer(&token("desk"));
        let create = create.header("content-type", "application/fhir+json").body(plan.as_bytes());
        for status in [201, 412] {
            let answer = self.world.send(&create).expect(status);
            self.said.answers.push(("a plan written".into(), answer.whole()));
        }
        let broken = plan.replace("\"CarePlan\"", &format!("\"{}\"", self.mint.text("plan.type")));
        let answer = self.world.send(&create.body(broken.as_bytes())).expect(422);
        self.said.answers.push(("a broken plan".into(), answer.whole()));
        for form in ["patient.identifier=urn:oid:1.2.246.21%7C", "patient.identifier=", "name="] {
            let form = format!("{form}{hetu}");
            let search = Request::new("POST", "/fhir/R4/CarePlan/_search").bearer(&token("serena"));
            let search = search.header("content-type", "application/x-www-form-urlencoded");
            let answer = self.world.send(&search.body(form.as_bytes()));
            if answer.status != 200 {
                self.said.answers.push(("a search that fails".into(), answer.whole()));
            }
        }
    }

    /// Canaries where a value is wrong, unknown, or not to be parsed.
    fn mistakes(&mut self) {
        let hetu = self.client();
        let whole = self.referral(&hetu).xml();
        let mut wrong = |what: &str, from: &str, to: &dyn Fn(&str) -> String, status| {
            assert!(whole.contains(from), "{from}");
            let document = whole.replacen(from, &to(&self.mint.text(what)), 1);
            self.post(what, "serena", &document, status);
        };
        wrong("a wrong code", &hetu, &str::to_owned, 422);
        wrong("a wrong service", "vertaistuki", &str::to_owned, 422);
        wrong("a wrong time", "14.11.2026 09:30", &str::to_owned, 422);
        wrong("an unknown element", "<Tarve>", &|c| format!("<Uusi>{c}</Uusi><Tarve>"), 422);
        wrong("an unknown attribute", "<Tarve>", &|c| format!("<Tarve uusi=\"{c}\">"), 422);
        wrong("a wrong end", "</Tarve>", &|c| format!("</{c}>"), 400);
        wrong("an entity", "<Tarve>", &|c| format!("<Tarve>&{c};"), 400);
        wrong("a DTD", "<Lahete", &|c| format!("<!DOCTYPE {c}><Lahete"), 400);
        wrong("a namespace", "urn:luotsi", &|c| format!("urn:{c}"), 422);
        wrong("a prefix", "<Tarve>", &|c| format!("<{c}:Tarve>"), 400);
        wrong(
            "an encoding",
            "version=\"1.0\"",
            &|c| format!("version=\"1.0\" encoding=\"{c}\""),
            400,
        );
        let stranger = documents::consent("S-9", &hetu, Scope::PEER_SUPPORT)
            .replace("malli-ry", &self.mint.text("a wrong recipient"));
        self.post("a wrong recipient", "serena", &stranger, 422);
        let task = documents::answer(&self.mint.text("a wrong task"), "accepted", None, None);
        self.post("a wrong task", "malli-ry", &task, 404);
        let status =
            format!("{{\"task\":\"x\",\"status\":\"{}\"", self.mint.text("half a document"));
        self.post("half a document", "malli-ry", &status, 400);
        self.post("a wrong status", "malli-ry", &format!("{status}}}"), 422);
        self.bad_rows();
    }

    /// A file's rows, wrong in every cell that can be wrong; the same without the names of its columns.
    fn bad_rows(&mut self) {
        let mut row = || {
            let mut cell = |what: &str| self.mint.text(what);
            let (id, channel, topic) = (cell("a row's id"), cell("a channel"), cell("a topic"));
            let (sent, hetu, need) = (cell("a moment"), cell("a code"), cell("a question"));
            format!("{id};{sent};{channel};{topic};{hetu};{need}\n")
        };
        let rows = format!("{}{}", row(), row());
        let file = format!("Tunnus;Lähetetty;Kanava;Aihe;Henkilötunnus;Kysymys\n{rows}");
        self.post("bad rows", "malli-kerho", &file, 422);
        self.post("rows without a header", "malli-kerho", &rows, 422);
    }

    /// Canaries where no value belongs at all.
    fn headers_and_urls(&mut self) {
        let document = {
            let hetu = self.client();
            self.referral(&hetu).xml()
        };
        let [secret, path, key, trace] =
            ["a token", "a path", "a key", "a trace"].map(|field| self.mint.text(field));
        let (odd, query) = (format!("/in/{path}"), format!("/in/serena?client={path}"));
        let get = format!("/fhir/R4/CarePlan?patient.identifier={path}");
        let own = token("serena");
        let requests = [
            Request::new("POST", "/in/serena").bearer(&secret),
            Request::new("POST", &odd).bearer(&own),
            Request::new("POST", &query)
                .bearer(&own)
                .header("idempotency-key", &key)
                .header("traceparent", &trace),
            Request::new("GET", &get).bearer(&own),
            Request::new("POST", "/in/serena").bearer(&own).header("content-type", &key),
            Request::new("POST", "/in/serena")
                .bearer(&own)
                .header("idempotency-key", key.repeat(20)),
        ];
        for request in requests {
            let answer = self.world.send(&request.body(document.as_bytes()));
            self.said.answers.push(("headers and URLs".into(), answer.whole()));
        }
        for path in [format!("/api/messages/{path}"), format!("/{path}")] {
            let answer = Request::new("GET", &path).bearer(&secret).send(self.world.ops);
            self.said.answers.push(("an ops URL".into(), answer.expect("an answer").whole()));
        }
    }

    /// Killed with a request at the provider, started again.
    fn a_crash(&mut self) {
        let hetu = self.client();
        self.consent("S-3", &hetu);
        self.world.malli_ry.be(Manner::Hold);
        let message = self.refer("a referral before a crash", &hetu);
        self.world.reaches(&message, "malli-ry", "sending");
        self.world.kill();
        self.world.malli_ry.be(Manner::Answer(200));
        self.world.start();
        self.world.reaches(&message, "malli-ry", "delivered");
    }
}

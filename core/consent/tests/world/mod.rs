//! Small worlds: few names, so that criteria match often. A world is read off a string of bytes,
//! zero being the simplest choice, so that a shorter or smaller string is a simpler world.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use luotsi_consent::{
    Attested, Basis, Directive, Directives, Effect, GivenBy, Instrument, Period, Person, Policy,
    Provision, Recipient, Request, Rule, Sector, Sort, Standing, ToGuardians,
};
use luotsi_model::{
    Categories, Category, ClientRef, DirectiveId, Kind, OrganisationId, Purpose, ServiceTask,
    SystemId,
};

/// One request with all that the decision rests on.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) subject: Option<ClientRef>,
    pub(crate) controller: OrganisationId,
    pub(crate) source: Option<Recipient>,
    pub(crate) recipient: Recipient,
    pub(crate) attested: Attested<'static>,
    pub(crate) purpose: Purpose,
    pub(crate) kind: Kind,
    pub(crate) service: Option<ServiceTask>,
    pub(crate) now: Timestamp,
    pub(crate) policy: Policy,
    pub(crate) directives: Option<Directives>,
}

impl World {
    /// The world that these bytes tell of.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        Choices { bytes, at: 0 }.world()
    }

    /// The request, as the gate gets it.
    pub(crate) fn request(&self) -> Request<'_> {
        Request {
            subject: self.subject.as_ref(),
            controller: &self.controller,
            source: self.source.as_ref(),
            recipient: &self.recipient,
            purpose: &self.purpose,
            kind: &self.kind,
            service: self.service.as_ref(),
            attested: self.attested,
            now: self.now,
        }
    }
}

/// The few names there are. An organisation has the name of a system, as happens in a region.
struct Names {
    clients: [ClientRef; 2],
    systems: [SystemId; 2],
    organisations: [OrganisationId; 3],
    purposes: [Purpose; 2],
    kinds: [Kind; 2],
    services: [ServiceTask; 2],
    directives: [DirectiveId; 4],
    rules: [Arc<str>; 4],
    recipients: [String; 4],
}

static NAMES: LazyLock<Names> = LazyLock::new(|| Names {
    clients: ["client-a", "client-b"].map(ClientRef::new),
    systems: ["serena", "parish"].map(SystemId::new),
    organisations: ["county", "parish", "city"].map(OrganisationId::new),
    purposes: ["care", "peer-support"].map(Purpose::new),
    kinds: ["referral", "plan"].map(Kind::new),
    services: ["families", "elderly"].map(ServiceTask::new),
    directives: ["D-1", "D-2", "D-3", "D-4"].map(DirectiveId::new),
    rules: ["one", "two", "three", "four"].map(Arc::from),
    recipients: ["serena", "parish", "county", "city"].map(String::from),
});

/// The categories that rules and provisions name; the others go only where a rule lists all.
const NAMED: [Category; 4] =
    [Category::Contact, Category::Need, Category::Health, Category::Administrative];

const DOCUMENTS: [&str; 2] = ["L-1", "L-2"];
const REASONS: [&str; 2] = ["reason-1", "reason-2"];
const AGES: [u8; 6] = [40, 11, 12, 17, 18, 3];

const MOMENTS: [Timestamp; 5] = [
    Timestamp::constant(50, 0),
    Timestamp::constant(40, 0),
    Timestamp::constant(60, 0),
    Timestamp::constant(51, 0),
    Timestamp::constant(49, 999_999_999),
];

struct Choices<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Choices<'_> {
    fn below(&mut self, count: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % count
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// None most of the time, else one or two.
    fn few<T: Clone>(&mut self, of: &[T]) -> Vec<T> {
        let count = [0, 0, 0, 0, 0, 1, 1, 2][self.below(8)];
        (0..count).map(|_| self.one(of)).collect()
    }

    fn categories(&mut self) -> Categories {
        // Zero names all four: of a rule none would be no simpler, and of a provision no narrower.
        let mask = 15 - self.below(16);
        NAMED
            .into_iter()
            .enumerate()
            .filter(|(at, _)| mask >> at & 1 == 1)
            .map(|(_, c)| c)
            .collect()
    }

    fn world(&mut self) -> World {
        World {
            subject: (!self.one_in(8)).then(|| NAMES.clients[[0, 0, 0, 1][self.below(4)]].clone()),
            controller: self.one(&NAMES.organisations),
            source: (!self.one_in(6)).then(|| self.party()),
            recipient: self.party(),
            attested: Attested {
                document: self.one_in(2).then(|| self.one(&DOCUMENTS)),
                reason: self.one_in(3).then(|| self.one(&REASONS)),
                mandate: self.one_in(2).then(|| self.one(&["D-1", "D-2"])),
                relationship: self.one_in(3),
                age: (!self.one_in(6)).then(|| self.one(&AGES)),
            },
            purpose: self.one(&NAMES.purposes),
            kind: self.one(&NAMES.kinds),
            service: self.one_in(2).then(|| self.one(&NAMES.services)),
            now: MOMENTS[0],
            policy: Policy { rules: self.rules() },
            directives: (!self.one_in(32)).then(|| self.directives()),
        }
    }

    fn party(&mut self) -> Recipient {
        Recipient {
            system: self.one(&NAMES.systems),
            organisation: self.one(&NAMES.organisations),
            controller: self.one(&NAMES.organisations),
            sort: self.one(&Sort::ALL),
            sector: [Some(Sector::Social), Some(Sector::Social), Some(Sector::Health), None]
                [self.below(4)],
        }
    }

    fn rules(&mut self) -> Vec<Rule> {
        let count = [1, 2, 3, 4, 1, 2, 3, 0][self.below(8)];
        (0..count).map(|at| self.rule(NAMES.rules[at].clone())).collect()
    }

    fn rule(&mut self, name: Arc<str>) -> Rule {
        let all = &Sort::ALL[..];
        let sorts = [all, all, all, all, all, &all[..2], &all[1..], &[]][self.below(8)];
        let reasons = REASONS[..self.below(3)].iter().map(|&reason| reason.into()).collect();
        let often = [Basis::Consent, Basis::Consent, Basis::SameRegister];
        let bases: Vec<Basis> = often.into_iter().chain(Basis::ALL).collect();
        Rule {
            name,
            basis: self.one(&bases),
            protected_address: self.one_in(3),
            reasons,
            sorts: sorts.to_vec(),
            systems: self.few(&NAMES.systems),
            purposes: self.few(&NAMES.purposes),
            kinds: self.few(&NAMES.kinds),
            categories: if self.one_in(8) { Categories::ALL } else { self.categories() },
            over_prohibition: self.one_in(4),
        }
    }

    fn directives(&mut self) -> Directives {
        let count = [0, 1, 2, 3, 1, 2, 3, 4][self.below(8)];
        let all = (0..count).map(|_| Arc::new(self.directive())).collect();
        Directives { epoch: 7, all }
    }

    fn directive(&mut self) -> Directive {
        let exceptions = [0, 1, 2, 0][self.below(4)];
        Directive {
            id: self.one(&NAMES.directives),
            version: 1,
            subject: NAMES.clients[[0, 0, 0, 1][self.below(4)]].clone(),
            standing: if self.one_in(6) { Standing::Withdrawn } else { Standing::Active },
            given: MOMENTS[1],
            recorder: NAMES.systems[0].clone(),
            instrument: self.instrument(),
            given_by: match self.below(10) {
                8 => GivenBy::Guardian,
                9 => GivenBy::Delegate { mandate: self.one(&NAMES.directives[..2]) },
                _ => GivenBy::Client,
            },
            root: self.provision(),
            exceptions: (0..exceptions).map(|_| self.provision()).collect(),
        }
    }

    /// The client's own will half of the time.
    fn instrument(&mut self) -> Instrument {
        match self.below(16) {
            8 | 9 => Instrument::DisclosurePermission {
                sector: self.one(&[Sector::Social, Sector::Health]),
                informed: (!self.one_in(4)).then(|| self.one(&MOMENTS)),
                relationship: !self.one_in(3),
            },
            10 => Instrument::PurchasedService {
                agreement: "A-1".into(),
                organiser: self.one(&NAMES.organisations),
                producer: self.one(&NAMES.organisations),
                see: !self.one_in(4),
                store: !self.one_in(4),
            },
            11 => Instrument::Voucher {
                organiser: self.one(&NAMES.organisations),
                producer: self.one(&NAMES.organisations),
            },
            12 => Instrument::Mandate { delegate: "client-d".into(), evidence: "V-1".into() },
            13 => Instrument::Emergency { person: Person::new("Olli Ohjaaja"), reason: "R".into() },
            14 => Instrument::ProtectedAddress,
            15 => Instrument::Minor {
                to_guardians: self.one(&["1", "2", "3", "4"].map(to_guardians)),
                custody_split: self.one_in(4),
            },
            _ => Instrument::Will,
        }
    }

    fn provision(&mut self) -> Provision {
        Provision {
            effect: self.one(&[Effect::Permit, Effect::Permit, Effect::Deny]),
            period: Period { start: self.moment(), end: self.moment() },
            recipients: self.few(&NAMES.recipients),
            purposes: self.few(&NAMES.purposes),
            kinds: self.few(&NAMES.kinds),
            services: self.few(&NAMES.services),
            documents: self.few(&DOCUMENTS).into_iter().map(String::from).collect(),
            categories: self.categories(),
        }
    }

    fn moment(&mut self) -> Option<Timestamp> {
        self.one_in(5).then(|| self.one(&MOMENTS))
    }
}

fn to_guardians(code: &str) -> ToGuardians {
    ToGuardians::of_code(code).expect("one of the four codes")
}

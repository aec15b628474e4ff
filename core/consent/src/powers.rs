//! What stands over every basis: protected addresses (turvakielto) and minors.

use std::sync::Arc;

use luotsi_model::{Categories, Category};

use crate::{Directive, Instrument, Request, Rule, Sort, Standing, ToGuardians, decide::own};

/// From this age the client is no minor.
const ADULT: u8 = 18;
/// Below this age a guardian acts for the client.
const DECIDES: u8 = 12;

/// What stands over every basis: whether the address is protected, and what guardians may.
#[derive(Clone, Copy)]
pub(crate) struct Powers {
    address_protected: bool,
    /// Whether a guardian decides for the client.
    pub(crate) guardian_acts: bool,
    /// Whether a guardian may see what concerns her.
    pub(crate) guardian_sees: bool,
}

impl Powers {
    /// Under twelve, or not capable of deciding: a guardian acts, unless the address is protected
    /// or custody split. From twelve the minor decides herself. A code that denies (3, 4) goes
    /// over one that allows; without a code, or without an age, nothing is attested.
    pub(crate) fn of(request: &Request<'_>, all: &[Arc<Directive>]) -> Self {
        let (mut protected, mut split) = (false, false);
        let (mut incapable, mut allowed, mut refused) = (false, false, false);
        let stands =
            |d: &&Directive| d.standing == Standing::Active && d.root.period.contains(request.now);
        for directive in own(request, all).filter(stands) {
            match &directive.instrument {
                Instrument::ProtectedAddress => protected = true,
                Instrument::Minor { to_guardians, custody_split } => {
                    split |= *custody_split;
                    incapable |= *to_guardians == ToGuardians::NotCapable;
                    allowed |= *to_guardians == ToGuardians::Allowed;
                    refused |= matches!(to_guardians, ToGuardians::Denied | ToGuardians::Unknown);
                }
                _ => {}
            }
        }
        let minor = request.attested.age.filter(|age| *age < ADULT);
        let in_care = minor.is_some_and(|age| incapable || age < DECIDES);
        let guardian_acts = in_care && !protected && !split && !refused;
        let by_leave = minor.is_some() && !in_care && allowed && !refused;
        Self {
            address_protected: protected,
            guardian_acts,
            guardian_sees: guardian_acts || by_leave,
        }
    }

    /// What never goes under this rule, on no basis and over no prohibition.
    pub(crate) fn barred(&self, rule: &Rule, request: &Request<'_>) -> Categories {
        let to_guardian = request.recipient.sort == Sort::Guardian && request.subject.is_some();
        if to_guardian && !self.guardian_sees {
            Categories::ALL
        } else if self.address_protected && !rule.protected_address {
            Categories::NONE.with(Category::Contact)
        } else {
            Categories::NONE
        }
    }
}

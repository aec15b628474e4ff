//! The law's outline, sentence by sentence: permissions, agreements, mandates, emergencies,
//! protected addresses, minors.

use luotsi_consent::{
    Basis, Directive, Effect, GivenBy, Instrument, Lack, Request, Rule, Sort, Standing, ToGuardians,
};
use luotsi_model::Category;

use super::{Verdict, is_in_period, speaks_to, stated};

/// Whether what the sort of document needs is there.
pub(crate) fn is_valid(directive: &Directive, request: &Request<'_>) -> bool {
    match &directive.instrument {
        Instrument::Will => true,
        // Separate for health and for social; valid only after the client has been informed; also
        // requires an existing client relationship; cross-sector needs a consent.
        Instrument::DisclosurePermission { sector, informed, relationship } => {
            let from = request.source.map(|source| source.sector) == Some(Some(*sector));
            let to = request.recipient.sector == Some(*sector);
            let is_informed = match informed {
                Some(moment) => *moment <= request.now,
                None => false,
            };
            from && to && is_informed && (*relationship || request.attested.relationship)
        }
        // The producer sees the organiser's records; it stores into the organiser's register.
        Instrument::PurchasedService { organiser, producer, see, store, .. } => {
            let sees =
                request.controller == organiser && request.recipient.organisation == *producer;
            let stores = request.recipient.controller == *organiser
                && request.source.is_some_and(|from| from.organisation == *producer);
            (sees && *see) || (stores && *store)
        }
        Instrument::Voucher { organiser, producer } => {
            let out =
                request.controller == organiser && request.recipient.organisation == *producer;
            let back = request.recipient.controller == *organiser
                && request.source.is_some_and(|from| from.organisation == *producer);
            out || back
        }
        // Default refused: the message must name it, and the client herself have given it.
        Instrument::Mandate { .. } => {
            directive.given_by == GivenBy::Client
                && request.attested.mandate == Some(directive.id.as_str())
        }
        Instrument::Emergency { .. } => directive.root.period.end.is_some(),
        Instrument::ProtectedAddress | Instrument::Minor { .. } => false,
    }
}

/// Whether whoever gave it could give it at all.
pub(crate) fn may_give(directive: &Directive, request: &Request<'_>, own: &[&Directive]) -> bool {
    match &directive.given_by {
        GivenBy::Client => true,
        GivenBy::Guardian => guardian_may_act(request, own),
        GivenBy::Delegate { .. } => {
            Category::ALL.iter().any(|c| mandated(directive, request, *c, own))
        }
    }
}

/// Whether the giver's power reaches this category.
pub(crate) fn reaches(
    directive: &Directive,
    request: &Request<'_>,
    category: Category,
    own: &[&Directive],
) -> bool {
    !matches!(directive.given_by, GivenBy::Delegate { .. })
        || mandated(directive, request, category, own)
}

fn mandated(
    directive: &Directive,
    request: &Request<'_>,
    category: Category,
    own: &[&Directive],
) -> bool {
    let GivenBy::Delegate { mandate } = &directive.given_by else { return false };
    own.iter().any(|d| {
        matches!(d.instrument, Instrument::Mandate { .. })
            && d.id == *mandate
            && d.given_by == GivenBy::Client
            && stated(d, request, category) == Verdict::Permit
    })
}

pub(crate) fn was_taken_back(directive: &Directive, request: &Request<'_>) -> bool {
    directive.standing == Standing::Withdrawn
        && directive.root.effect == Effect::Permit
        && speaks_to(&directive.root, request)
        && is_valid(directive, request)
}

/// The document that could still come, by basis.
pub(crate) fn could_come(basis: Basis, request: &Request<'_>) -> Option<Lack> {
    request.subject?;
    match basis {
        Basis::Consent => Some(Lack::Consent),
        Basis::DisclosurePermission => match (request.source, request.recipient.sector) {
            (Some(source), Some(to)) if source.sector == Some(to) => {
                Some(Lack::DisclosurePermission)
            }
            _ => None,
        },
        Basis::PurchasedService => Some(Lack::PurchasedService),
        Basis::Voucher => Some(Lack::Voucher),
        Basis::Mandate if request.recipient.sort != Sort::Guardian => {
            request.attested.mandate.map(|_| Lack::Mandate)
        }
        _ => None,
    }
}

/// Address and phone never leave to those not entitled, whatever the basis; a minor's data never
/// goes to guardians who may not see it.
pub(crate) fn is_barred(
    rule: &Rule,
    request: &Request<'_>,
    category: Category,
    own: &[&Directive],
) -> bool {
    let hidden = request.recipient.sort == Sort::Guardian
        && request.subject.is_some()
        && !guardian_may_see(request, own);
    let address = category == Category::Contact
        && address_is_protected(request, own)
        && !rule.protected_address;
    hidden || address
}

fn stands(directive: &Directive, request: &Request<'_>) -> bool {
    directive.standing == Standing::Active && is_in_period(&directive.root, request)
}

fn address_is_protected(request: &Request<'_>, own: &[&Directive]) -> bool {
    own.iter().any(|d| d.instrument == Instrument::ProtectedAddress && stands(d, request))
}

fn has_code(request: &Request<'_>, own: &[&Directive], code: ToGuardians) -> bool {
    own.iter().any(|d| match d.instrument {
        Instrument::Minor { to_guardians, .. } => to_guardians == code && stands(d, request),
        _ => false,
    })
}

fn custody_is_split(request: &Request<'_>, own: &[&Directive]) -> bool {
    own.iter().any(|d| {
        matches!(d.instrument, Instrument::Minor { custody_split: true, .. }) && stands(d, request)
    })
}

/// Under 12 a guardian may act unless an address protection or a custody split stands; so for one
/// who is not capable. 12–17 and capable of deciding: they decide themselves.
fn guardian_may_act(request: &Request<'_>, own: &[&Directive]) -> bool {
    let Some(age) = request.attested.age else { return false };
    let is_in_care = age < 12 || (age < 18 && has_code(request, own, ToGuardians::NotCapable));
    is_in_care
        && !address_is_protected(request, own)
        && !custody_is_split(request, own)
        && !is_withheld(request, own)
}

/// Codes 3 and 4: not disclosed.
fn is_withheld(request: &Request<'_>, own: &[&Directive]) -> bool {
    has_code(request, own, ToGuardians::Denied) || has_code(request, own, ToGuardians::Unknown)
}

/// 1 not capable → disclose; 2 capable, allows; 3 capable, denies; 4 unknown → not disclosed.
pub(crate) fn guardian_may_see(request: &Request<'_>, own: &[&Directive]) -> bool {
    let Some(age) = request.attested.age else { return false };
    let decides = (12..18).contains(&age) && !has_code(request, own, ToGuardians::NotCapable);
    let allows = has_code(request, own, ToGuardians::Allowed) && !is_withheld(request, own);
    guardian_may_act(request, own) || (decides && allows)
}

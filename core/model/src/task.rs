//! The task of a closed-loop referral and its legal steps.
//!
//! Source: HL7 Gravity SDOH Clinical Care, FHIR R4 Task; `ready` and `received` are not used.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where a referral stands with the one who got it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Being written.
    Draft,
    /// Sent, unanswered.
    Requested,
    /// Taken on.
    Accepted,
    /// Declined.
    Rejected,
    /// Called off.
    Cancelled,
    /// Under way.
    InProgress,
    /// Paused.
    OnHold,
    /// Done.
    Completed,
    /// Could not be done.
    Failed,
    /// Never should have been.
    EnteredInError,
}

/// Who takes a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Party {
    /// The one who asked.
    Requester,
    /// The one who was asked.
    Target,
}

/// A step that the machine does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a task that is {from} cannot become {to}")]
pub struct Illegal {
    /// Where the task stands.
    pub from: Status,
    /// Where it was to go.
    pub to: Status,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 10] = [
        Self::Draft,
        Self::Requested,
        Self::Accepted,
        Self::Rejected,
        Self::Cancelled,
        Self::InProgress,
        Self::OnHold,
        Self::Completed,
        Self::Failed,
        Self::EnteredInError,
    ];

    /// The step to `to`, if `by` may take it.
    ///
    /// # Errors
    /// [`Illegal`] when the machine has no such step for that party.
    pub fn step(self, to: Self, by: Party) -> Result<Self, Illegal> {
        use Party::{Requester, Target};
        use Status::*;
        let legal = match (self, to) {
            (EnteredInError, EnteredInError) => false,
            (_, EnteredInError) | (Draft, Requested) => by == Requester,
            (Requested, Accepted | Rejected) => by == Target,
            (Requested, Cancelled) => true,
            (Accepted, InProgress | OnHold | Completed | Failed) => by == Target,
            (Accepted | InProgress | OnHold, Cancelled) => true,
            (InProgress, OnHold) | (OnHold, InProgress) => by == Target,
            (InProgress | OnHold, Completed | Failed) => by == Target,
            _ => false,
        };
        if legal { Ok(to) } else { Err(Illegal { from: self, to }) }
    }

    /// Whether the step here must carry a reason.
    pub const fn needs_reason(self) -> bool {
        matches!(self, Self::Rejected | Self::Cancelled | Self::OnHold | Self::Failed)
    }

    /// Whether nothing but a correction can follow.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Rejected
                | Self::Cancelled
                | Self::Completed
                | Self::Failed
                | Self::EnteredInError
        )
    }

    /// The FHIR R4 code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Requested => "requested",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::InProgress => "in-progress",
            Self::OnHold => "on-hold",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::EnteredInError => "entered-in-error",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No status has this code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown task status")]
pub struct Unknown;

impl FromStr for Status {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or(Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::{Party::*, Status::*, *};

    /// Every legal step, spelt out from the diagram; all others must be refused.
    const LEGAL: &[(Status, Status, &[Party])] = &[
        (Draft, Requested, &[Requester]),
        (Requested, Accepted, &[Target]),
        (Requested, Rejected, &[Target]),
        (Requested, Cancelled, &[Requester, Target]),
        (Accepted, InProgress, &[Target]),
        (Accepted, OnHold, &[Target]),
        (Accepted, Completed, &[Target]),
        (Accepted, Failed, &[Target]),
        (Accepted, Cancelled, &[Requester, Target]),
        (InProgress, OnHold, &[Target]),
        (OnHold, InProgress, &[Target]),
        (InProgress, Completed, &[Target]),
        (InProgress, Failed, &[Target]),
        (InProgress, Cancelled, &[Requester, Target]),
        (OnHold, Completed, &[Target]),
        (OnHold, Failed, &[Target]),
        (OnHold, Cancelled, &[Requester, Target]),
    ];

    #[test]
    fn the_machine_has_these_steps_and_no_other() {
        for from in Status::ALL {
            for to in Status::ALL {
                for by in [Requester, Target] {
                    let listed =
                        LEGAL.iter().any(|(f, t, who)| *f == from && *t == to && who.contains(&by));
                    let error = to == EnteredInError && from != to && by == Requester;
                    assert_eq!(
                        from.step(to, by).is_ok(),
                        listed || error,
                        "{from} -> {to} by {by:?}"
                    );
                }
            }
        }
    }
}

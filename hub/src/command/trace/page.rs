//! The page of a timeline: a column of times, the rail that branches grow from, marks and words.

use jiff::Timestamp;

use crate::command::{
    Ink,
    layout::{after, hang_after},
};

/// Columns before the text: the time, the branch, the mark, the word.
pub(super) const TIME: usize = 14;
const WORD: usize = 11;
const LEAD: usize = TIME + 2 + 5 + WORD + 1;

/// A page being written.
pub(super) struct Page {
    pub(super) text: String,
    pub(super) ink: Ink,
    /// What times are told from.
    pub(super) start: Timestamp,
}

/// A mark at the margin, coloured by what it means.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    Done,
    Good,
    Sent,
    Again,
    Waiting,
    Bad,
}

impl Mark {
    fn paint(self, ink: Ink) -> String {
        match self {
            Self::Done => ink.name("●"),
            Self::Good => ink.good("✓"),
            Self::Sent => ink.name("▸"),
            Self::Again => ink.warn("↻"),
            Self::Waiting => ink.warn("◌"),
            Self::Bad => ink.bad("✗"),
        }
    }
}

impl Page {
    /// A line of a branch, or of none where `rail` is blank.
    pub(super) fn line(
        &mut self,
        at: Option<Timestamp>,
        rail: &str,
        mark: Mark,
        word: &str,
        text: &str,
    ) {
        let time = at.map(|at| after(self.start, at)).unwrap_or_default();
        let ink = self.ink;
        let lead = format!(
            "{}  {} {} {word:<WORD$} ",
            ink.faint(format!("{time:>TIME$}")),
            ink.faint(rail),
            mark.paint(ink),
        );
        self.hang(&lead, rail, text);
    }

    /// A step of the message itself: its mark stands on the rail.
    pub(super) fn station(&mut self, at: Option<Timestamp>, mark: Mark, word: &str, text: &str) {
        let time = at.map(|at| after(self.start, at)).unwrap_or_default();
        let ink = self.ink;
        let time = ink.faint(format!("{time:>TIME$}"));
        let lead =
            format!("{time}  {}    {} ", mark.paint(ink), ink.strong(format!("{word:<WORD$}")));
        self.hang(&lead, "│ ", text);
    }

    /// A line without a mark of its own.
    pub(super) fn line_plain(&mut self, rail: &str, word: &str, text: &str) {
        let ink = self.ink;
        let word = ink.faint(format!("{word:<WORD$}"));
        let lead = format!("{}  {}   {word} ", " ".repeat(TIME), ink.faint(rail));
        self.hang(&lead, rail, text);
    }

    fn hang(&mut self, lead: &str, rail: &str, text: &str) {
        let rest = format!(
            "{}  {}{}",
            " ".repeat(TIME),
            self.ink.faint(rail),
            " ".repeat(LEAD - TIME - 4)
        );
        hang_after(&mut self.text, lead, &rest, LEAD, text);
    }
}

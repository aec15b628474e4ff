//! Expressions of mapping files: for the odd value that no rule can tell.
//!
//! Pure and bounded: no statement, loop or assignment, no function but those of [`functions`], no
//! number with a fraction (a decimal is text, kept as written), and a limit on everything. An
//! expression sees the names it was given and nothing else.

use std::sync::LazyLock;

use rhai::{AST, Dynamic, Engine, EvalAltResult, OptimizationLevel, Scope};

mod check;
mod functions;

/// Longer ones belong into the system that sends or gets the document.
const BYTES_MAX: usize = 1000;
/// Bounds the parser's and the evaluation's use of the stack.
const DEPTH_MAX: usize = 24;
const OPERATIONS_MAX: u64 = 10_000;
/// Of a text on the way; the texts given in are bounded by the document.
const TEXT_BYTES_MAX: usize = 1 << 20;
const ITEMS_MAX: usize = 256;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    // Raw: rhai's own functions on texts change them in place, and nothing else of it is needed.
    let mut engine = Engine::new_raw();
    engine
        .set_strict_variables(true)
        .set_optimization_level(OptimizationLevel::None)
        // Else it would keep texts, and those are personal data.
        .set_max_strings_interned(0)
        .set_max_expr_depths(DEPTH_MAX)
        .set_max_operations(OPERATIONS_MAX)
        .set_max_string_size(TEXT_BYTES_MAX)
        .set_max_array_size(ITEMS_MAX);
    functions::register(&mut engine);
    engine
});

/// A compiled expression over names.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    ast: AST,
    names: Vec<Box<str>>,
}

/// What is wrong with an expression, and the byte in it where that stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Wrong {
    pub(crate) at: Option<usize>,
    pub(crate) why: String,
}

/// What a name stands for; nothing is `()` in the expression.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'v> {
    Nothing,
    Text(&'v str),
    Boolean(bool),
}

/// What an expression gives: a text, and whether JSON writes it without quotes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Outcome {
    pub(crate) text: String,
    pub(crate) is_bare: bool,
}

impl Expression {
    /// Compiles an expression that may use `names`.
    pub(crate) fn compile(text: &str, names: &[&str]) -> Result<Self, Wrong> {
        if text.len() > BYTES_MAX {
            let why = format!("an expression has at most {BYTES_MAX} bytes");
            return Err(Wrong { at: None, why });
        }
        let mut scope = Scope::new();
        for name in names {
            scope.push(*name, ());
        }
        let compiled = ENGINE.compile_expression_with_scope(&scope, text);
        let ast = compiled.map_err(|error| check::syntax(&error, text, names))?;
        check::calls(&ast, text)?;
        Ok(Self { ast, names: names.iter().map(|name| (*name).into()).collect() })
    }

    /// Whether it uses the name.
    pub(crate) fn uses(&self, name: &str) -> bool {
        check::uses(&self.ast, name)
    }

    /// Evaluates to a text; nothing where it gives `()` or the empty text. `given` in the order of
    /// the names.
    ///
    /// # Errors
    /// Why it has no result, without a value.
    pub(crate) fn text(&self, given: &[Given<'_>]) -> Result<Option<Outcome>, &'static str> {
        let result = self.result(given)?;
        if result.is_unit() {
            return Ok(None);
        }
        let is_bare = result.is_int() || result.is_bool();
        if !is_bare && !result.is_string() && !result.is_char() {
            return Err("it gives a list, and a place holds one text");
        }
        let text = result.to_string();
        Ok((!text.is_empty()).then_some(Outcome { text, is_bare }))
    }

    /// Evaluates a condition. `()` does not hold.
    ///
    /// # Errors
    /// Why it has no result, without a value.
    pub(crate) fn holds(&self, given: &[Given<'_>]) -> Result<bool, &'static str> {
        let result = self.result(given)?;
        if result.is_unit() {
            return Ok(false);
        }
        result.as_bool().map_err(|_| "a condition gives true or false")
    }

    fn result(&self, given: &[Given<'_>]) -> Result<Dynamic, &'static str> {
        let mut scope = Scope::with_capacity(self.names.len());
        for (name, given) in self.names.iter().zip(given) {
            let value = match given {
                Given::Nothing => Dynamic::UNIT,
                Given::Text(text) => Dynamic::from(rhai::ImmutableString::from(*text)),
                Given::Boolean(yes) => Dynamic::from(*yes),
            };
            scope.push_dynamic(&**name, value);
        }
        ENGINE.eval_ast_with_scope(&mut scope, &self.ast).map_err(|error| reason(&error))
    }
}

/// Why there is no result. The library's own words may hold values.
fn reason(error: &EvalAltResult) -> &'static str {
    match error {
        EvalAltResult::ErrorFunctionNotFound(..) | EvalAltResult::ErrorMismatchDataType(..) => {
            "an operation met a value of another type, or () where there is nothing: try `??`"
        }
        EvalAltResult::ErrorArithmetic(..) => "a number is too large, or is divided by zero",
        EvalAltResult::ErrorArrayBounds(..)
        | EvalAltResult::ErrorStringBounds(..)
        | EvalAltResult::ErrorIndexNotFound(..) => "an index is past the end: try `part`",
        EvalAltResult::ErrorTooManyOperations(..) | EvalAltResult::ErrorDataTooLarge(..) => {
            "it takes more than an expression may"
        }
        _ => "it cannot be evaluated",
    }
}

#[cfg(test)]
mod tests;

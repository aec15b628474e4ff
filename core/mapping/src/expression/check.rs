//! What can be wrong with an expression before it is evaluated.

use luotsi_model::diagnostic::nearest;
use rhai::{AST, ASTNode, Expr, ParseError, ParseErrorType, Position};

use super::{Wrong, functions};

/// What the parser refuses.
pub(super) fn syntax(error: &ParseError, text: &str, names: &[&str]) -> Wrong {
    let why = match error.err_type() {
        ParseErrorType::VariableUndefined(name) => match nearest(name, names.iter().copied()) {
            Some(near) => format!("`{name}` is no name here: write `{near}`"),
            None => format!("`{name}` is no name here: declare it among `inputs`"),
        },
        ParseErrorType::ExprTooDeep => "it is nested too deeply".to_owned(),
        ParseErrorType::UnexpectedEOF => "it ends too early".to_owned(),
        other => {
            let words = other.to_string();
            let mut letters = words.chars();
            letters.next().map_or(words.clone(), |c| {
                format!("{}{}", c.to_lowercase(), &words[c.len_utf8()..])
            })
        }
    };
    Wrong { at: offset(error.position(), text), why }
}

/// Calls of functions that there are not, and what only the library knows.
pub(super) fn calls(ast: &AST, text: &str) -> Result<(), Wrong> {
    let mut found = None;
    ast.walk(&mut |path| {
        found = path.last().and_then(fault);
        found.is_none()
    });
    match found {
        None => Ok(()),
        Some((position, why)) => Err(Wrong { at: offset(position, text), why }),
    }
}

/// Whether the name is used.
pub(super) fn uses(ast: &AST, wanted: &str) -> bool {
    let mut is_used = false;
    ast.walk(&mut |path| {
        is_used |= matches!(
            path.last(),
            Some(ASTNode::Expr(Expr::Variable(variable, ..))) if variable.1 == wanted
        );
        !is_used
    });
    is_used
}

fn fault(node: &ASTNode<'_>) -> Option<(Position, String)> {
    let ASTNode::Expr(expr) = node else { return None };
    match expr {
        Expr::FnCall(call, at) if call.op_token.is_none() => {
            function(&call.name, call.args.len(), *at)
        }
        Expr::MethodCall(call, at) => function(&call.name, call.args.len() + 1, *at),
        Expr::Property(property, at) => {
            Some((*at, format!("a text has no `{}`: functions are called with ()", property.2)))
        }
        Expr::Map(_, at) => Some((*at, "there are no maps".into())),
        _ => None,
    }
}

fn function(name: &str, count: usize, at: Position) -> Option<(Position, String)> {
    let known = functions::ALL.iter().find(|(known, _)| *known == name);
    let why = match known {
        Some((_, wanted)) if *wanted == count => return None,
        Some((_, wanted)) => format!("`{name}` takes {wanted} values, its own text included"),
        None => match nearest(name, functions::ALL.iter().map(|(known, _)| *known)) {
            Some(near) => format!("there is no function `{name}`: write `{near}`"),
            None => format!("there is no function `{name}`"),
        },
    };
    Some((at, why))
}

/// The byte at a position of line and character.
fn offset(position: Position, text: &str) -> Option<usize> {
    let (line, column) = (position.line()?, position.position().unwrap_or(1));
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let before = text[start..].chars().take(column - 1).map(char::len_utf8).sum::<usize>();
    Some(start + before)
}

//! The functions and methods whose calls are never taken for operations.
//!
//! A call is resolved by its type, which must be known where the call stands. The calls listed here
//! return a *bare inference variable* (`text.into()`: whatever the context wants), or need the type
//! their context expects to check their arguments (`Box::new(|x| …)`). Resolution would ask for that
//! type too early. The list names what the standard library has and what traits conventionally have;
//! a `#[routine]` may not carry such a name.

use proc_macro2::Ident;
use syn::visit::Visit;
use syn::{
    Expr, ExprCall, ExprMethodCall, ExprPath, GenericArgument, Path, PathArguments, Type, TypeBareFn,
    TypeInfer, TypePath,
};

/// Methods and functions that return whatever type the context wants.
const RETURN_ANYTHING: &[&str] = &[
    // conversions
    "into",
    "unwrap",
    "unwrap_or",
    "unwrap_or_default",
    "unwrap_or_else",
    "unwrap_unchecked",
    "unwrap_err",
    "expect",
    "expect_err",
    // iterators
    "collect",
    "sum",
    "product",
    // values out of nothing
    "assume_init",
    "default",
    "zeroed",
    "transmute",
];

/// Types of the standard library, in order. None of their associated functions suspends, and many need the type
/// expected of their result: `Box::new(|x| …)` as a `Box<dyn Fn(u8)>`.
const STD_TYPES: &[&str] = &[
    "Arc",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "Box",
    "Cell",
    "Cow",
    "Duration",
    "HashMap",
    "HashSet",
    "LazyCell",
    "LazyLock",
    "ManuallyDrop",
    "MaybeUninit",
    "Mutex",
    "NonNull",
    "OnceCell",
    "OnceLock",
    "Option",
    "OsString",
    "PathBuf",
    "Pin",
    "Rc",
    "RefCell",
    "Result",
    "RwLock",
    "String",
    "Vec",
    "VecDeque",
    "bool",
    "char",
    "f32",
    "f64",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "isize",
    "str",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
    "usize",
];

/// Traits whose associated functions, called through the trait, return whatever the context wants. `Error`
/// is that of the serialisers: `de::Error::custom(text)`; no kind of error has anything to wait for.
const TRAITS: &[&str] = &["Default", "Error", "From", "FromIterator", "Into", "Product", "Sum"];

/// Modules of the standard library whose functions take their types from the context, and none of which
/// suspends: `mem::replace(&mut boxed, value)` reaches into the box where what is in it is wanted.
const STD_MODULES: &[&str] = &["mem", "ptr"];

/// The crates of the standard library. There are functions in their modules, and none beside these: `core::f(x)` is of
/// a module of the user's.
const STD_CRATES: &[&str] = &["alloc", "core", "std"];

/// The same, for functions of several modules: not for those of a type, as `View::from_ref(x)`.
const BY_CONTEXT: &[&str] = &["from_mut", "from_ref"];

/// Whether a function or method called `name` is never probed, whatever its type.
pub(crate) fn is_never_probed(name: &str) -> bool {
    RETURN_ANYTHING.contains(&name)
}

/// Whether a call of this function is left as it is.
pub(crate) fn leaves_call(call: &ExprCall, inside_err: bool) -> bool {
    match &*call.func {
        Expr::Path(ExprPath { path, qself: None, .. }) => {
            leaves_path(path, inside_err) || builds_from_closure(path, call)
        }
        // `<_>::zero()`
        Expr::Path(ExprPath { qself: Some(owner), .. }) if matches!(*owner.ty, Type::Infer(_)) => true,
        Expr::Path(ExprPath { path, .. }) => last(path).is_some_and(|name| is_never_probed(&name)),
        _ => false,
    }
}

/// Whether this is a call of the constructor `name`, as in `Err(…)`.
pub(crate) fn constructs(call: &ExprCall, name: &str) -> bool {
    matches!(&*call.func, Expr::Path(function) if last(&function.path).is_some_and(|last| last == name))
}

/// Whether a call of this is a constructor's.
pub(crate) fn builds(function: &Path) -> bool {
    last(function).is_some_and(|last| starts_upper(&last))
}

/// Whether a function of that name takes a closure that makes an operation, as its last argument.
pub(crate) fn takes_maker(name: &Ident) -> bool {
    ["timeout", "timeout_at", "spawn", "go"].iter().any(|it| name == it)
}

/// Whether the method takes what is certainly a function, such as `char::is_whitespace`, or one of `declared`.
pub(crate) fn takes_function(call: &ExprMethodCall, declared: &[Ident]) -> bool {
    call.args.iter().any(|argument| match argument {
        Expr::Path(ExprPath { path, .. }) => match path.get_ident() {
            Some(name) => declared.contains(name),
            None => last(path).is_some_and(|name| !starts_upper(&name)),
        },
        _ => false,
    })
}

/// Whether a type mentions a pointer to a function.
pub(crate) fn holds_pointer(ty: &Type) -> bool {
    struct Find(bool);
    impl Visit<'_> for Find {
        fn visit_type_bare_fn(&mut self, _: &TypeBareFn) {
            self.0 = true;
        }
    }
    let mut find = Find(false);
    find.visit_type(ty);
    find.0
}

/// Whether a type leaves something open, as `Vec<_>` does.
pub(crate) fn leaves_open(ty: &Type) -> bool {
    struct Find(bool);
    impl Visit<'_> for Find {
        fn visit_type_infer(&mut self, _: &TypeInfer) {
            self.0 = true;
        }
    }
    let mut find = Find(false);
    find.visit_type(ty);
    find.0
}

/// For `Ok(…)`, `Err(…)` or `Some(…)` where a `Result<A, B>` or an `Option<A>` is wanted: what is wanted of
/// the argument.
pub(crate) fn wraps<'a>(call: &ExprCall, wanted: &'a Type) -> Option<&'a Type> {
    let Type::Path(TypePath { path, qself: None }) = wanted else { return None };
    let wanted = path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &wanted.arguments else { return None };
    let place = match wanted.ident.to_string().as_str() {
        "Result" if constructs(call, "Ok") => 0,
        "Result" if constructs(call, "Err") => 1,
        "Option" if constructs(call, "Some") => 0,
        _ => return None,
    };
    match arguments.args.iter().nth(place)? {
        GenericArgument::Type(ty) if call.args.len() == 1 => Some(ty),
        _ => None,
    }
}

fn leaves_path(path: &Path, inside_err: bool) -> bool {
    let Some(name) = last(path) else { return false };
    let owner = path.segments.iter().rev().nth(1).map(|segment| segment.ident.to_string());
    let owner = owner.as_deref().unwrap_or_default();
    let (first, count) = (path.segments[0].ident.to_string(), path.segments.len());
    let by_path = if count > 1 && is_own(&first) {
        leaves_own_function(&name)
    } else {
        // `std::mem::take`, `ptr::NonNull::dangling`
        count > 2 && STD_CRATES.contains(&first.as_str())
            || count > 1 && STD_MODULES.contains(&first.as_str())
            || leaves_function(owner, &name)
    };
    by_path || inside_err && starts_upper(owner)
}

/// Whether what a path begins with leads into the user's own crate, and so to nothing of the standard library's.
pub(crate) fn is_own(first: &str) -> bool {
    matches!(first, "crate" | "self" | "super")
}

/// Whether a call of this function of the user's own is left as it is.
pub(crate) fn leaves_own_function(name: &str) -> bool {
    is_never_probed(name) || starts_upper(name)
}

/// Whether a call of `owner::name` is left as it is, wherever it stands and whatever stands before. `owner` is empty
/// where there is none.
pub(crate) fn leaves_function(owner: &str, name: &str) -> bool {
    leaves_own_function(name)
        || STD_MODULES.contains(&owner)
        || STD_TYPES.binary_search(&owner).is_ok()
        || TRAITS.contains(&owner)
        || BY_CONTEXT.contains(&name) && !starts_upper(owner)
}

/// Whether this is `Type::new(|| …)` or the like. A constructor by its name, whose type takes in that of a
/// closure: where a field holds a `Type<fn()>`, the closure must learn that from the context.
fn builds_from_closure(path: &Path, call: &ExprCall) -> bool {
    let mut last_two = path.segments.iter().rev().map(|segment| segment.ident.to_string());
    let constructs = |name: String| ["new", "with", "from"].iter().any(|prefix| name.starts_with(prefix));
    last_two.next().is_some_and(constructs)
        && last_two.next().is_some_and(|owner| starts_upper(&owner))
        && call.args.iter().any(|argument| matches!(argument, Expr::Closure(_)))
}

fn last(path: &Path) -> Option<String> {
    path.segments.last().map(|segment| segment.ident.to_string())
}

/// Whether a name is a constructor's.
pub(crate) fn starts_upper(name: &str) -> bool {
    name.trim_start_matches("r#").trim_start_matches('_').starts_with(char::is_uppercase)
}

/// The macros of ours whose arguments are the body's own code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnMacro {
    Go,
    Select,
}

/// Which of our macros a path names: by itself, or through the crate's name. A `marked` one is ours.
pub(crate) fn own_macro(path: &Path, marked: bool) -> Option<OwnMacro> {
    let qualified = path.segments[0].ident == "rustroutines";
    if path.segments.len() != 1 && !qualified && !marked {
        return None;
    }
    match last(path)?.as_str() {
        "go" => Some(OwnMacro::Go),
        "select" => Some(OwnMacro::Select),
        _ => None,
    }
}

/// How a macro of the standard library takes its expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// Any number, between commas.
    List,
    /// The same; where there is but one, its text is shown when it fails.
    Condition,
    /// The same, or one and a length.
    ListOrRepeat,
    /// One, then a pattern and perhaps a guard.
    Pattern,
    /// Any number, each shown with its text.
    Shown,
}

/// How the macro `path` takes expressions, where it is known to.
pub(crate) fn macro_arguments(path: &Path) -> Option<Arguments> {
    let first = path.segments.first()?.ident.to_string();
    if path.segments.len() > 1 && !["std", "core", "alloc"].contains(&first.as_str()) {
        return None;
    }
    arguments_of(&last(path)?)
}

/// Whether the macro `path` writes to its first argument, whose method `write_fmt` may give an operation.
pub(crate) fn writes(path: &Path) -> bool {
    macro_arguments(path).is_some() && last(path).is_some_and(|name| macro_writes(&name))
}

/// The same of a macro named alone.
pub(crate) fn macro_writes(name: &str) -> bool {
    matches!(name, "write" | "writeln")
}

/// How the macro `name`, named alone, takes expressions, where it is known to.
pub(crate) fn arguments_of(name: &str) -> Option<Arguments> {
    Some(match name {
        "print" | "println" | "eprint" | "eprintln" | "format" | "format_args" | "write" | "writeln" => {
            Arguments::List
        }
        "assert" | "debug_assert" => Arguments::Condition,
        "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne" => Arguments::List,
        "panic" | "todo" | "unreachable" | "unimplemented" => Arguments::List,
        "dbg" => Arguments::Shown,
        "vec" => Arguments::ListOrRepeat,
        "matches" | "assert_matches" | "debug_assert_matches" => Arguments::Pattern,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_are_in_order() {
        assert!(STD_TYPES.is_sorted());
    }
}

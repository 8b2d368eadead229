//! W3C trace context, carried along with events.
//!
//! Source of the format: W3C Recommendation *Trace Context*, version `00`. An event that is sent while another one is being
//! handled continues its trace; where a program has a tracer of its own, `BusBuilder::trace_with`
//! asks it.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// A trace context: the `traceparent` header, and `tracestate` as it came.
///
/// ```
/// use events_bus::TraceContext;
///
/// let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let trace = TraceContext::parse(text, None).expect("a valid traceparent");
/// assert_eq!(trace.to_string(), text);
/// assert_ne!(trace.child().to_string(), text);
/// assert!(TraceContext::parse("00-0-0-00", None).is_none());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
// A pointer: most records have none, and all are moved about.
pub struct TraceContext(Arc<Parts>);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Parts {
    trace_id: u128,
    span_id: u64,
    flags: u8,
    state: Option<Arc<str>>,
}

/// The specification asks for at least 512 characters to be passed on; more are dropped.
const STATE_LIMIT: usize = 512;

impl TraceContext {
    /// Reads a `traceparent` header; `None` where it is not valid, so that a new trace is begun.
    pub fn parse(parent: &str, state: Option<&str>) -> Option<Self> {
        let mut parts = parent.trim().split('-');
        let version = hex(parts.next()?, 2)?;
        let trace_id = hex(parts.next()?, 32)?;
        let span_id = hex(parts.next()?, 16)?;
        let flags = hex(parts.next()?, 2)?;
        // Version 255 is forbidden; later versions may have more parts, version 0 has not.
        let ends_well = version != 0 || parts.next().is_none();
        if version == 255 || !ends_well || trace_id == 0 || span_id == 0 {
            return None;
        }
        let state = state.filter(|state| {
            !state.is_empty() && state.len() <= STATE_LIMIT && !state.contains(char::is_control)
        });
        Some(Self::of(Parts {
            trace_id,
            span_id: u64::try_from(span_id).ok()?,
            flags: u8::try_from(flags).ok()?,
            state: state.map(Arc::from),
        }))
    }

    /// A context of a new trace, which is not marked as sampled.
    pub fn new_trace() -> Self {
        Self::of(Parts {
            trace_id: nonzero(|| fastrand::u128(..)),
            span_id: nonzero(|| fastrand::u64(..)),
            flags: 0,
            state: None,
        })
    }

    fn of(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The context of a span within this one.
    #[must_use]
    pub fn child(&self) -> Self {
        Self::of(Parts {
            span_id: nonzero(|| fastrand::u64(..)),
            ..Parts::clone(&self.0)
        })
    }

    /// Returns the id that all spans of the trace share.
    pub fn trace_id(&self) -> u128 {
        self.0.trace_id
    }

    /// The `tracestate` header.
    pub fn state(&self) -> Option<&str> {
        self.0.state.as_deref()
    }

    /// The context of the event that this thread is handling: `None` outside of a receiver that a consumer
    /// runs, and of [`scope`](Self::scope).
    pub fn current() -> Option<Self> {
        CURRENT.with_borrow_mut(|current| match current {
            Current::None => None,
            Current::Some(context) => Some(context.clone()),
            Current::New => {
                let context = Self::new_trace();
                *current = Current::Some(context.clone());
                Some(context)
            }
        })
    }

    /// Runs something with this as the current context: what is sent in it, in a transaction or without, continues this trace. For
    /// programs with a tracer of their own, where [`trace_with`](crate::BusBuilder::trace_with) does not reach.
    pub fn scope<T>(self, run: impl FnOnce() -> T) -> T {
        Self::enter(Current::Some(self), run)
    }

    /// Runs something with this as the current context.
    pub(crate) fn enter<T>(context: Current, run: impl FnOnce() -> T) -> T {
        /// Puts the former context back, also when a receiver panics.
        struct Restore(Current);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(std::mem::take(&mut self.0));
            }
        }
        let _restore = Restore(CURRENT.replace(context));
        run()
    }
}

/// The context of a thread's current work.
#[derive(Default)]
pub(crate) enum Current {
    #[default]
    None,
    /// A new trace, which begins at the first use: most receivers send nothing.
    New,
    Some(TraceContext),
}

impl Current {
    /// The context that came with something, or a new trace.
    pub(crate) fn or_new(context: Option<TraceContext>) -> Self {
        context.map_or(Self::New, Self::Some)
    }
}

thread_local! {
    static CURRENT: RefCell<Current> = const { RefCell::new(Current::None) };
}

fn nonzero<T: Default + PartialEq>(random: impl Fn() -> T) -> T {
    loop {
        let value = random();
        if value != T::default() {
            return value;
        }
    }
}

/// Lower-case hexadecimal digits, exactly this many.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let valid = text.len() == digits
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    valid.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// As the header `traceparent`.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.0.trace_id, self.0.span_id, self.0.flags
        )
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceContext({self})")
    }
}

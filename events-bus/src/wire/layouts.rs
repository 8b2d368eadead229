//! Which layouts of an event are known, and which of them a body has. The order is in the documentation of [`wire`](super).

use core::fmt;
use core::marker::PhantomData;

use events_core::delivery::OwnedEvent;
use events_core::schema::{KeptSchema, repeated_layouts, same_layout};
use events_core::{AnySignal, Event, EventData, EventInfo, RecordSchema, Schema};

use super::error::{Attempt, DecodeError, DecodeErrorKind, Failure};
use super::path::{Place, Trace};
use super::target::{Target, Typed};
use super::walk;

/// A layout that bodies of an event may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// The minor version that it is of.
    pub minor_version: u32,
    /// The schema file; none for that of the Rust struct.
    pub file: Option<&'static str>,
    /// The schema.
    pub schema: &'static RecordSchema,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.file {
            Some(file) => f.write_str(file),
            None => write!(f, "the struct (minor version {})", self.minor_version),
        }
    }
}

/// The layouts of an event that are known: that of its struct, and those of its schema files.
///
/// ```
/// use events_bus::wire::Layouts;
/// use events_core::{Event, event};
///
/// #[event(type = "org.example.shop.order.refunded.v1")]
/// struct OrderRefunded {
///     order_id: i64,
///     reason: Option<String>,
/// }
///
/// const LAYOUTS: Layouts = Layouts::of(OrderRefunded::INFO);
/// let layout = LAYOUTS.recognise(&[34, 0], 0)?;
/// assert_eq!(layout.to_string(), "the struct (minor version 0)");
/// assert!(LAYOUTS.recognise(&[34], 0).is_err());
/// # Ok::<(), events_bus::wire::DecodeError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Layouts {
    event_type: &'static str,
    current: Layout,
    kept: &'static [KeptSchema],
    /// Those of `kept` that are the same as a layout before them, as bits. One without a bit counts as another layout.
    repeated: u64,
}

/// The layouts of an event as a constant.
struct Of<E>(PhantomData<E>);

impl<E: Event> Of<E> {
    const LAYOUTS: Layouts = Layouts::of(E::INFO);
}

#[inline]
pub(super) fn decode<E: Event>(body: &[u8], minor_version: i64) -> Result<E, DecodeError> {
    if const { Of::<E>::LAYOUTS.is_one() } {
        const { &Of::<E>::LAYOUTS }.decode_one(Typed::<E>::new(), body)
    } else {
        const { &Of::<E>::LAYOUTS }.decode(body, minor_version)
    }
}

pub(super) fn decode_any(
    signal: &'static dyn AnySignal,
    body: &[u8],
    minor_version: i64,
) -> Result<OwnedEvent, DecodeError> {
    let layouts = Layouts::of(signal.event());
    if layouts.is_one() {
        layouts.decode_one(signal, body)
    } else {
        layouts.decode_several(signal, body, minor_version)
    }
}

impl Layouts {
    /// The layouts of an event.
    pub const fn of(info: &EventInfo) -> Self {
        Self {
            event_type: info.event_type,
            current: Layout {
                minor_version: info.minor_version,
                file: None,
                schema: info.schema,
            },
            kept: info.kept,
            repeated: info.repeated,
        }
    }

    /// The layouts of an event with this schema and these schema files.
    pub const fn new(
        event_type: &'static str,
        minor_version: u32,
        schema: &'static RecordSchema,
        kept: &'static [KeptSchema],
    ) -> Self {
        Self {
            event_type,
            current: Layout {
                minor_version,
                file: None,
                schema,
            },
            kept,
            repeated: repeated_layouts(schema, kept),
        }
    }

    /// The layout at the place; the struct's is the first.
    const fn get(&self, index: usize) -> Layout {
        if index == 0 {
            return self.current;
        }
        let kept = &self.kept[index - 1];
        Layout {
            minor_version: kept.minor_version,
            file: Some(kept.file),
            schema: kept.schema,
        }
    }

    /// The first place with this layout.
    const fn first_like(&self, index: usize) -> usize {
        let mut first = 0;
        while first < index {
            if same_layout(self.get(first).schema, self.get(index).schema) {
                return first;
            }
            first += 1;
        }
        index
    }

    const fn is_repeated(&self, index: usize) -> bool {
        matches!(index, 1..=64) && self.repeated & (1 << (index - 1)) != 0
    }

    /// Whether all layouts are that of the struct.
    const fn is_one(&self) -> bool {
        self.repeated.count_ones() as usize == self.kept.len()
    }

    /// The layouts that differ, in their order: that of the struct, then the newest schema files first.
    pub fn iter(&self) -> impl Iterator<Item = Layout> + '_ {
        self.distinct().map(|index| self.get(index))
    }

    fn distinct(&self) -> impl Iterator<Item = usize> + '_ {
        (0..=self.kept.len()).filter(|index| !self.is_repeated(*index))
    }

    /// Which layout a body has.
    ///
    /// # Errors
    /// When it has none of them, or several.
    pub fn recognise(&self, body: &[u8], minor_version: i64) -> Result<Layout, DecodeError> {
        let fitting = self.fitting(body, minor_version);
        match *fitting.as_slice() {
            [] => Err(self.none_fits(body)),
            [index] => Ok(self.get(index)),
            _ => Err(self.ambiguous(body, &fitting)),
        }
    }

    /// Reads a body that may have any of the layouts.
    ///
    /// # Errors
    /// When it has none of them, when it has several and is another event by each, and when the type refuses a value.
    pub fn decode<T: EventData>(&self, body: &[u8], minor_version: i64) -> Result<T, DecodeError> {
        self.decode_several(Typed::new(), body, minor_version)
    }

    /// Reads a body that can only have the layout of the struct.
    #[inline]
    fn decode_one<T: Target>(&self, target: T, body: &[u8]) -> Result<T::Value, DecodeError> {
        match target.read_current(body) {
            Ok(event) => Ok(event),
            Err(fault) => Err(self.refused(0, target.explain(body, fault))),
        }
    }

    fn decode_several<T: Target>(
        &self,
        target: T,
        body: &[u8],
        minor_version: i64,
    ) -> Result<T::Value, DecodeError> {
        let fitting = self.fitting(body, minor_version);
        let Some((&first, others)) = fitting.as_slice().split_first() else {
            return Err(self.none_fits(body));
        };
        let value = match self.resolve(target, first, body) {
            Ok(value) => value,
            Err(failure) if others.is_empty() => return Err(self.refused(first, failure)),
            Err(_) => return Err(self.ambiguous(body, &fitting)),
        };
        for other in others {
            match self.resolve(target, *other, body) {
                Ok(same) if same == value => {}
                _ => return Err(self.ambiguous(body, &fitting)),
            }
        }
        Ok(value)
    }

    fn resolve<T: Target>(
        &self,
        target: T,
        index: usize,
        body: &[u8],
    ) -> Result<T::Value, Failure> {
        if index == 0 {
            target
                .read_current(body)
                .map_err(|fault| target.explain(body, fault))
        } else {
            target.read_resolved(body, &Schema::Record(self.get(index).schema))
        }
    }

    /// The places of the layouts that the body has.
    fn fitting(&self, body: &[u8], minor_version: i64) -> Fitting {
        let fits = |index: &usize| walk::fits(body, self.get(*index).schema);
        // 0 is also what stands where a minor version was lost on the way: it speaks for no layout.
        if minor_version > 0 {
            let mut fitting = Fitting::default();
            for index in 0..=self.kept.len() {
                if i64::from(self.get(index).minor_version) == minor_version {
                    let first = if self.is_repeated(index) {
                        self.first_like(index)
                    } else {
                        index
                    };
                    if !fitting.as_slice().contains(&first) && fits(&first) {
                        fitting.push(first);
                    }
                }
            }
            if !fitting.as_slice().is_empty() {
                return fitting;
            }
        }
        let mut fitting = Fitting::default();
        self.distinct()
            .filter(fits)
            .for_each(|index| fitting.push(index));
        fitting
    }

    #[cold]
    fn refused(&self, index: usize, failure: Failure) -> DecodeError {
        let kind = if failure.fault.is_of_value() {
            DecodeErrorKind::Refused
        } else {
            DecodeErrorKind::NoLayout
        };
        let length = failure.length;
        let attempt = Attempt {
            layout: Some(self.get(index)),
            failure: Some(failure),
        };
        DecodeError::new(kind, self.event_type, length, vec![attempt])
    }

    #[cold]
    fn none_fits(&self, body: &[u8]) -> DecodeError {
        let attempts = self.iter().map(|layout| Attempt {
            layout: Some(layout),
            failure: misfit(body, layout.schema),
        });
        DecodeError::new(
            DecodeErrorKind::NoLayout,
            self.event_type,
            body.len(),
            attempts.collect(),
        )
    }

    #[cold]
    fn ambiguous(&self, body: &[u8], fitting: &Fitting) -> DecodeError {
        let attempts = fitting.as_slice().iter().map(|index| Attempt {
            layout: Some(self.get(*index)),
            failure: None,
        });
        DecodeError::new(
            DecodeErrorKind::Ambiguous,
            self.event_type,
            body.len(),
            attempts.collect(),
        )
    }
}

/// Where the body is not of the layout.
pub(super) fn misfit(body: &[u8], schema: &RecordSchema) -> Option<Failure> {
    let mut place = Place::default();
    place.at(body.len(), None);
    let fault = walk::fit(body, schema, &mut place).err()?;
    Some(Failure::new(&place, body.len(), fault))
}

/// A few places, without the heap while there is one only.
#[derive(Default)]
struct Fitting {
    one: [usize; 1],
    len: usize,
    more: Vec<usize>,
}

impl Fitting {
    fn push(&mut self, index: usize) {
        if self.len == 0 {
            self.one = [index];
        } else {
            if self.len == 1 {
                self.more.extend(self.one);
            }
            self.more.push(index);
        }
        self.len += 1;
    }

    fn as_slice(&self) -> &[usize] {
        match self.len {
            0 => &[],
            1 => &self.one,
            _ => &self.more,
        }
    }
}

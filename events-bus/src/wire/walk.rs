//! Goes through a body by a schema, without making anything of it.

use events_core::{RecordSchema, Schema, StringFormat};

use super::fault::Fault;
use super::input::{Blocks, Input};
use super::path::{Step, Trace};

/// Whether the body has exactly this layout. Nothing is allocated.
pub(super) fn fits(body: &[u8], schema: &RecordSchema) -> bool {
    fit(body, schema, &mut ()).is_ok()
}

/// Goes through the whole body; `trace` knows afterwards where it ended.
pub(super) fn fit(body: &[u8], schema: &RecordSchema, trace: &mut impl Trace) -> Result<(), Fault> {
    let mut input = Input::new(body);
    record(&mut input, schema, trace)?;
    trace.at(input.left(), None);
    input.end()
}

/// Goes over one value.
pub(super) fn skip(
    input: &mut Input<'_>,
    schema: &Schema,
    trace: &mut impl Trace,
) -> Result<(), Fault> {
    trace.at(input.left(), Some(schema));
    match schema {
        Schema::Boolean => input.boolean().map(drop),
        Schema::Long => input.long().map(drop),
        Schema::Double => input.double().map(drop),
        Schema::String(_) | Schema::Enum(_) => input.text().map(drop),
        Schema::Bytes => input.bytes().map(drop),
        Schema::Optional(inner) => {
            if input.is_some()? {
                skip(input, inner, trace)?;
            }
            Ok(())
        }
        Schema::Array(items) => blocks(input, trace, |input, index, trace| {
            trace.enter(Step::Item(index));
            skip(input, items, trace)?;
            trace.leave();
            Ok(())
        }),
        Schema::Map(values) => blocks(input, trace, |input, _, trace| {
            trace.enter(Step::Value);
            trace.at(input.left(), Some(&Schema::String(StringFormat::Text)));
            input.text()?;
            skip(input, values, trace)?;
            trace.leave();
            Ok(())
        }),
        Schema::Record(schema) => record(input, schema, trace),
        _ => Err(Fault::OutsideModel),
    }
}

fn record(
    input: &mut Input<'_>,
    schema: &RecordSchema,
    trace: &mut impl Trace,
) -> Result<(), Fault> {
    input.enter()?;
    for field in schema.fields {
        trace.enter(Step::Field(field.name));
        skip(input, field.schema, trace)?;
        trace.leave();
    }
    input.leave();
    Ok(())
}

fn blocks<T: Trace>(
    input: &mut Input<'_>,
    trace: &mut T,
    mut item: impl FnMut(&mut Input<'_>, usize, &mut T) -> Result<(), Fault>,
) -> Result<(), Fault> {
    input.enter()?;
    let mut blocks = Blocks::new(input)?;
    let mut index = 0;
    while blocks.next(input)? {
        item(input, index, trace)?;
        index += 1;
        trace.at(input.left(), None);
    }
    input.leave();
    Ok(())
}

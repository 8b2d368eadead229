//! The rules that a changed schema is judged by.

use core::fmt;

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $id:literal;)*) => {
        /// What kind of change a [`Finding`](super::Finding) is. Each rule has an id, which messages show and waivers name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$doc])* $variant,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The rule's id: `field-removed`.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)*
                }
            }
        }
    };
}

rules! {
    /// A field is no longer there.
    FieldRemoved = "field-removed";
    /// A field is new.
    FieldAdded = "field-added";
    /// A field has another name and the same type, at the same place.
    FieldRenamed = "field-renamed";
    /// The fields stand in another order.
    FieldsReordered = "fields-reordered";
    /// The type is another one.
    TypeChanged = "type-changed";
    /// What was always there became optional.
    MadeOptional = "made-optional";
    /// What was optional must now be there.
    MadeRequired = "made-required";
    /// A record has another name on the wire.
    RecordRenamed = "record-renamed";
    /// An enum has one more variant.
    VariantAdded = "variant-added";
    /// An enum has one variant less.
    VariantRemoved = "variant-removed";
    /// An enum now keeps names that it does not know, or a closed enum became a text.
    EnumOpened = "enum-opened";
    /// An enum now refuses names that it does not know, or a text became a closed enum.
    EnumClosed = "enum-closed";
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

//! Receivers that the linker collects, and closures that are connected at run time.

use crate::column::Column;

/// An event with a receiver for each name, and an event that closures connect to.
macro_rules! case {
    ($module:ident, $linked:literal, $connected:literal, [$($receiver:ident)*]) => {
        mod $module {
            use std::hint::black_box;

            use events_core::{Connection, event, receiver};

            use crate::column::Operation;
            use crate::support::{Contender, contender};

            #[event(type = $linked)]
            pub struct Linked {
                pub number: i64,
            }

            #[event(type = $connected)]
            pub struct Connected {
                pub number: i64,
            }

            $(
                #[receiver(LINKED)]
                fn $receiver(number: i64) {
                    black_box(number);
                }
            )*

            const COUNT: usize = [$(stringify!($receiver)),*].len();

            fn send_linked(times: u64) {
                for _ in 0..times {
                    black_box(LINKED.send_event(Linked { number: black_box(17) }));
                }
            }

            fn send_connected(times: u64) {
                for _ in 0..times {
                    black_box(CONNECTED.send_event(Connected { number: black_box(17) }));
                }
            }

            fn connect() -> Vec<Connection> {
                let mut connections = Vec::new();
                connect!(
                    COUNT,
                    connections.push(CONNECTED.connect_with(format!("{}", connections.len()), 0, |sent| {
                        black_box(sent.number);
                    }))
                );
                assert_eq!(CONNECTED.send_event(Connected { number: 17 }).len(), COUNT);
                connections
            }

            pub fn linked_contender() -> Contender<'static> {
                assert_eq!(LINKED.send_event(Linked { number: 17 }).len(), COUNT);
                contender("", send_linked)
            }

            pub fn linked_operation() -> Operation {
                Box::new(send_linked)
            }

            pub fn connected_contender() -> Contender<'static> {
                let connections = connect();
                contender("", move |times| {
                    send_connected(times);
                    black_box(&connections);
                })
            }

            pub fn connected_operation() -> Operation {
                let connections = connect();
                Box::new(move |times| {
                    send_connected(times);
                    black_box(&connections);
                })
            }
        }
    };
}

case!(
    one,
    "org.example.peers.one.linked.v1",
    "org.example.peers.one.connected.v1",
    [r0]
);
case!(four, "org.example.peers.four.linked.v1", "org.example.peers.four.connected.v1", [r0 r1 r2 r3]);
case!(sixteen, "org.example.peers.sixteen.linked.v1", "org.example.peers.sixteen.connected.v1",
    [r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 r13 r14 r15]);
case!(sixtyfour, "org.example.peers.sixtyfour.linked.v1", "org.example.peers.sixtyfour.connected.v1",
    [r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 r13 r14 r15 r16 r17 r18 r19 r20 r21 r22 r23 r24 r25 r26 r27 r28 r29 r30 r31
     r32 r33 r34 r35 r36 r37 r38 r39 r40 r41 r42 r43 r44 r45 r46 r47 r48 r49 r50 r51 r52 r53 r54 r55 r56 r57 r58 r59 r60
     r61 r62 r63]);

/// The function of that name in the module of that number of receivers.
macro_rules! by_count {
    ($function:ident) => {
        |count| match count {
            1 => one::$function(),
            4 => four::$function(),
            16 => sixteen::$function(),
            64 => sixtyfour::$function(),
            _ => unreachable!("there is no case of {count} receivers"),
        }
    };
}

pub fn receivers() -> Column {
    Column {
        name: "events-core",
        contender: by_count!(linked_contender),
        operation: by_count!(linked_operation),
    }
}

pub fn connected() -> Column {
    Column {
        name: "events-core, connected",
        contender: by_count!(connected_contender),
        operation: by_count!(connected_operation),
    }
}

//! Tables whose columns line up.

use super::{Keep, Page, cut, escape, padding, width};

/// Maximum width of a cell and of a detail, however wide the terminal is. Names of topics and groups have at most 200 bytes.
const WIDEST_CELL: usize = 200;

/// Columns between two cells.
const GAP: &str = "  ";

/// The kind of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Text, which is cut first.
    Text,
    /// Ids, which are copied.
    Ids,
    Numbers,
}

/// Rows under headings. A column without any content is left out, and text that is too long is cut.
#[derive(Debug, Default)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Kind)>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    cells: Vec<String>,
    /// Lines below the row, which say more about its second cell.
    details: Vec<String>,
}

impl Table {
    /// Adds a column whose cells begin below its heading: text.
    pub(crate) fn left(mut self, heading: &'static str) -> Self {
        self.columns.push((heading, Kind::Text));
        self
    }

    /// Adds a column of ids: as [`left`](Self::left), but text is cut first.
    pub(crate) fn ids(mut self, heading: &'static str) -> Self {
        self.columns.push((heading, Kind::Ids));
        self
    }

    /// Adds a column whose cells end below its heading: numbers.
    pub(crate) fn right(mut self, heading: &'static str) -> Self {
        self.columns.push((heading, Kind::Numbers));
        self
    }

    /// Adds a row: a cell for each column, and lines that follow below the second of them.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>, details: Vec<String>) {
        let cells = cells.into_iter();
        self.rows.push(Row {
            cells: cells
                .map(|cell| cut(&escape(&cell), WIDEST_CELL, Keep::Ends).into_owned())
                .collect(),
            details,
        });
    }

    /// Lays the table out. No line is wider than the page.
    pub(crate) fn print(&self, page: &mut Page, indent: usize) {
        let widths = self.widths(page.columns(), indent);
        let headings = self
            .columns
            .iter()
            .map(|(heading, _)| String::from(*heading));
        self.print_row(page, indent, &widths, &headings.collect::<Vec<_>>());
        let first = widths.first().map_or(0, |width| width + GAP.len());
        let left = page.columns().saturating_sub(indent + first);
        let left = left.min(WIDEST_CELL);
        for row in &self.rows {
            self.print_row(page, indent, &widths, &row.cells);
            for detail in &row.details {
                let detail = escape(detail);
                let detail = cut(&detail, left, Keep::Start);
                line(page, &format!("{}{detail}", padding(indent + first)));
            }
        }
    }

    /// Returns the width of each column; 0 for one that is left out.
    fn widths(&self, limit: usize, indent: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = (0..self.columns.len())
            .map(|column| self.width(column))
            .collect();
        let shown = widths.iter().filter(|width| **width > 0).count();
        let around = indent + shown.saturating_sub(1) * GAP.len();
        while around + widths.iter().sum::<usize>() > limit {
            let widest = |is_cut: fn(Kind) -> bool, floor: fn(&str) -> usize| {
                let columns = self.columns.iter().zip(&widths).enumerate();
                columns
                    .filter(|(_, ((heading, kind), width))| {
                        is_cut(*kind) && **width > floor(heading)
                    })
                    .max_by_key(|(_, (_, width))| **width)
                    .map(|(column, _)| column)
            };
            // Headings stay whole as long as there are cells to cut, and ids and numbers as long as there is text to cut.
            let widest = widest(|kind| kind == Kind::Text, width)
                .or_else(|| widest(|kind| kind == Kind::Text, |_| 1))
                .or_else(|| widest(|_| true, |_| 1));
            match widest.and_then(|column| widths.get_mut(column)) {
                Some(width) => *width -= 1,
                None => break,
            }
        }
        widths
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.cells.get(column));
        let widest = cells.map(|cell| width(cell)).max().unwrap_or_default();
        match self.columns.get(column) {
            Some((heading, _)) if widest > 0 => widest.max(width(heading)),
            _ => 0,
        }
    }

    fn print_row(&self, page: &mut Page, indent: usize, widths: &[usize], cells: &[String]) {
        let mut text = padding(indent);
        let columns = self.columns.iter().zip(widths).zip(cells);
        for (((_, kind), column), cell) in columns.filter(|((_, width), _)| **width > 0) {
            let cell = cut(cell, *column, Keep::Ends);
            let rest = padding(column.saturating_sub(width(&cell)));
            match kind {
                Kind::Text | Kind::Ids => text.extend([&*cell, &rest]),
                Kind::Numbers => text.extend([&*rest, &cell]),
            }
            text.push_str(GAP);
        }
        line(page, &text);
    }
}

/// Adds a line. Cuts it if the terminal is too narrow even for columns of one character.
fn line(page: &mut Page, text: &str) {
    let text = text.trim_end();
    page.line(&cut(text, page.columns(), Keep::Start));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn columns_line_up_and_empty_ones_go() {
        let mut table = Table::default().right("N").left("NAME").left("NOTE");
        table.row(
            ["1".into(), "a".into(), String::new()],
            vec!["more".to_owned()],
        );
        table.row(["20".into(), "long name".into(), String::new()], Vec::new());
        let mut page = Page::default();
        table.print(&mut page, 2);
        assert_eq!(
            page.finish(),
            "   N  NAME\n   1  a\n      more\n  20  long name\n"
        );
    }

    #[test]
    fn text_is_cut_before_ids_and_numbers_are() {
        let mut table = Table::default().ids("ID").right("ENTRIES").left("TYPE");
        table.row(
            [
                "1795864863858-0".into(),
                "1234567".into(),
                "org.openedx.learning.completed.v1".into(),
            ],
            Vec::new(),
        );
        let mut page = Page::new(Some(42));
        table.print(&mut page, 0);
        assert_eq!(
            page.finish(),
            "ID               ENTRIES  TYPE\n1795864863858-0  1234567  org.open…eted.v1\n"
        );
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let mut table = Table::default().left("NAME").right("N");
        table.row(["東京".into(), "1".into()], Vec::new());
        table.row(["e\u{301}".into(), "22".into()], Vec::new());
        let mut page = Page::default();
        table.print(&mut page, 0);
        assert_eq!(page.finish(), "NAME   N\n東京   1\ne\u{301}     22\n");
    }

    /// Any text; often a very long one.
    fn cell() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            ("\\PC{1,3}|[\u{300}-\u{36f}]|[東-步]", 0..30_000_usize)
                .prop_map(|(unit, times)| unit.repeat(times)),
            Just("x".repeat(70_000)),
            Just("\u{1b}[31m\r\n".repeat(100)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_line_is_wider_than_the_terminal(
            rows in prop::collection::vec((cell(), cell(), cell(), cell()), 0..4),
            columns in 0..300_usize,
            indent in 0..4_usize,
        ) {
            let mut table = Table::default().left("NAME").right("ENTRIES").left("TYPE");
            let lines: usize = rows.len() * 2 + 1;
            for (a, b, c, detail) in rows {
                table.row([a, b, c], vec![detail]);
            }
            let mut page = Page::new(Some(columns));
            table.print(&mut page, indent);
            let text = page.finish();
            prop_assert_eq!(text.split_terminator('\n').count(), lines);
            for line in text.split('\n') {
                prop_assert!(line.width() <= columns, "{} of {columns}: {line:?}", line.width());
            }
            // Without a terminal, nothing is padded to the width of a cell without end.
            let mut page = Page::default();
            table.print(&mut page, indent);
            page.finish();
        }
    }
}

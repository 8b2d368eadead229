//! Tables whose columns line up.

use super::{Page, width};

/// How the cells of a column are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// Rows under headings. A column without any content is left out.
#[derive(Debug, Default)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Side)>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    cells: Vec<String>,
    /// Lines below the row, under the column that they say more of.
    details: Vec<String>,
}

impl Table {
    /// Adds a column whose cells begin below its heading.
    pub(crate) fn left(mut self, heading: &'static str) -> Self {
        self.columns.push((heading, Side::Left));
        self
    }

    /// Adds a column whose cells end below its heading: numbers.
    pub(crate) fn right(mut self, heading: &'static str) -> Self {
        self.columns.push((heading, Side::Right));
        self
    }

    /// Adds a row: a cell for each column, and lines that follow below the second of them.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N], details: Vec<String>) {
        self.rows.push(Row {
            cells: cells.into(),
            details,
        });
    }

    /// Lays the table out.
    pub(crate) fn print(&self, page: &mut Page, indent: usize) {
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| self.width(column))
            .collect();
        let headings = self
            .columns
            .iter()
            .map(|(heading, _)| String::from(*heading));
        self.print_row(page, indent, &widths, &headings.collect::<Vec<_>>());
        let detail_indent = indent + widths.first().map_or(0, |width| width + 2);
        for row in &self.rows {
            self.print_row(page, indent, &widths, &row.cells);
            for detail in &row.details {
                page.line(&format!("{:detail_indent$}{detail}", ""));
            }
        }
    }

    /// The width of a column; 0 for one that is left out.
    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.cells.get(column));
        let widest = cells.map(|cell| width(cell)).max().unwrap_or_default();
        match self.columns.get(column) {
            Some((heading, _)) if widest > 0 => widest.max(width(heading)),
            _ => 0,
        }
    }

    fn print_row(&self, page: &mut Page, indent: usize, widths: &[usize], cells: &[String]) {
        let mut line = " ".repeat(indent);
        let columns = self.columns.iter().zip(widths).zip(cells);
        for (((_, side), width), cell) in columns.filter(|((_, width), _)| **width > 0) {
            let cell = match side {
                Side::Left => format!("{cell:width$}"),
                Side::Right => format!("{cell:>width$}"),
            };
            line.push_str(&cell);
            line.push_str("  ");
        }
        page.line(&line);
    }
}

#[cfg(test)]
mod tests {
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
}

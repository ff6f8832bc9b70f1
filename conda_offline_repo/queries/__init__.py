"""Questions to a repository: contents, dependencies, reasons, differences, licences, bills."""

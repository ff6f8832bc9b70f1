"""What people ask of a repository: contents, needs, reasons, differences, licences, bills."""

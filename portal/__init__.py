"""The composition root: settings, command line, HTTP application and the hosting of the pages."""

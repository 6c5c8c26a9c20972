"""What the find page does behind its widgets: asking in the background, knowing when an answer is out of date."""

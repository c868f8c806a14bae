"""The regulator's book: findings with their history, and what people did about them. Kept apart from the replica, which
can always be fetched again; what people wrote cannot.
"""

from regulator.book.anew import book_beside, take_over
from regulator.book.asking import ORDERS, Search
from regulator.book.book import Book, FindingLine, Followed
from regulator.book.tables import BookTable

__all__ = ["ORDERS", "Book", "BookTable", "FindingLine", "Followed", "Search", "book_beside", "take_over"]

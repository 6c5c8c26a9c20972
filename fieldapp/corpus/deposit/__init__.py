"""Deposits: a copy for an archive, named and described its way, in a bag that was opened again and checked before it is called done."""

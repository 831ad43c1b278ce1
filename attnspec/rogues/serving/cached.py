"""x"""

ROGUES = ()
CONTROLS = ()

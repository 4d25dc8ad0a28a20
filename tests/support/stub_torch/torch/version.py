__version__ = '2.6.0+cu124'
cuda = '12.4'

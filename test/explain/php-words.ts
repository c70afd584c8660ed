/** A text as PHP prints an uncaught exception. */
export function asPhp(text: string): string {
  return `PHP Fatal error:  Uncaught PhpAmqpLib\\Exception\\AMQPRuntimeException: ${text} in /srv/app/worker.php:12`;
}
